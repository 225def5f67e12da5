import type { InstanceProfileRecord } from '../model.ts';
import type { HandlerTable } from '../wire/handler.ts';
import { alreadyExists, deleteConflict, limitExceeded, noSuchEntity } from './errors.ts';
import { arnOf, checkName, checkPath, uniqueId } from './names.ts';
import { pageOf } from './pages.ts';
import { toRole, under } from './roles.ts';
import type { IamStore } from './store.ts';
import { type TagList, tagList, withoutTags, withTags } from './tags.ts';

type Named = { InstanceProfileName: string };
type Page = { MaxItems?: number; Marker?: string; PathPrefix?: string };

/** Instance profiles: what hands a role to instances. */
export function instanceProfileHandlers(store: IamStore): HandlerTable {
  const toProfile = (profile: InstanceProfileRecord) => ({
    Path: profile.path,
    InstanceProfileName: profile.name,
    InstanceProfileId: profile.id,
    Arn: arnOf('instance-profile', profile),
    CreateDate: new Date(profile.createdAt),
    Roles: profile.role === undefined ? [] : [toRole(store.role(profile.role))],
    Tags: tagList(profile.tags),
  });
  const list = (profiles: InstanceProfileRecord[], input: Page) => {
    const { items, ...page } = pageOf(profiles, input, ({ name }) => name);
    return { InstanceProfiles: items.map(toProfile), ...page };
  };
  return {
    CreateInstanceProfile: (input: Named & { Path?: string; Tags?: TagList }) => {
      const name = checkName(input.InstanceProfileName, 'instanceProfileName', 128);
      if (store.instanceProfiles[name]) throw alreadyExists('Instance Profile', name);
      const path = checkPath(input.Path);
      const tags = withTags({}, input.Tags);
      const profile: InstanceProfileRecord = { id: uniqueId('AIPA'), name, path, createdAt: store.now(), tags };
      store.instanceProfiles[name] = profile;
      store.changed();
      return { InstanceProfile: toProfile(profile) };
    },
    GetInstanceProfile: ({ InstanceProfileName }: Named) => ({
      InstanceProfile: toProfile(store.instanceProfile(InstanceProfileName)),
    }),
    ListInstanceProfiles: (input: Page) => list(under(store.instanceProfiles, input.PathPrefix), input),
    ListInstanceProfilesForRole: (input: Page & { RoleName: string }) => {
      const { name } = store.role(input.RoleName);
      return list(
        Object.values(store.instanceProfiles).filter(({ role }) => role === name),
        input,
      );
    },
    AddRoleToInstanceProfile: ({ InstanceProfileName, RoleName }: Named & { RoleName: string }) => {
      const profile = store.instanceProfile(InstanceProfileName);
      const { name } = store.role(RoleName);
      if (profile.role !== undefined) throw limitExceeded('InstanceSessionsPerInstanceProfile', 1);
      profile.role = name;
      store.changed();
    },
    RemoveRoleFromInstanceProfile: ({ InstanceProfileName, RoleName }: Named & { RoleName: string }) => {
      const profile = store.instanceProfile(InstanceProfileName);
      if (profile.role !== RoleName) throw noSuchEntity(`The role with name ${RoleName} cannot be found.`);
      profile.role = undefined;
      store.changed();
    },
    DeleteInstanceProfile: ({ InstanceProfileName }: Named) => {
      const profile = store.instanceProfile(InstanceProfileName);
      if (profile.role !== undefined) throw deleteConflict('remove roles from instance profile');
      delete store.instanceProfiles[InstanceProfileName];
      store.changed();
    },
    TagInstanceProfile: ({ InstanceProfileName, Tags }: Named & { Tags: TagList }) => {
      const profile = store.instanceProfile(InstanceProfileName);
      profile.tags = withTags(profile.tags, Tags);
      store.changed();
    },
    UntagInstanceProfile: ({ InstanceProfileName, TagKeys }: Named & { TagKeys: string[] }) => {
      const profile = store.instanceProfile(InstanceProfileName);
      profile.tags = withoutTags(profile.tags, TagKeys);
      store.changed();
    },
    ListInstanceProfileTags: ({ InstanceProfileName }: Named) => ({
      Tags: tagList(store.instanceProfile(InstanceProfileName).tags),
      IsTruncated: false,
    }),
  };
}
