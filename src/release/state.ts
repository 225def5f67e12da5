import type { WatchFacts } from '../analysis/types.ts';
import type { Weight } from '../aws/listeners.ts';
import type { BaseChange } from '../changes/base.ts';
import type {
  ImageFacts,
  NewTemplate,
  RefreshFacts,
  ReturnFacts,
  ServedFacts,
  SizeFacts,
  StandbyFacts,
  VersionFacts,
  VersionNames,
} from '../fleet/facts.ts';
import type { ContextWith, FleetFacts, FleetGroup, GroupSettings, StepWith } from '../fleet/services.ts';
import type { CommitsSince } from '../ledger/types.ts';
import type { Loses } from '../plays/clean.ts';
import type { InspectionFacts, PlainFacts, PlaybookFacts, PlayFacts } from '../plays/facts.ts';
import type { MigrationFacts } from './migration/facts.ts';

/** The instance that the image is validated on. */
export interface ValidationFacts {
  validationInstanceId?: string;
}

/** What is validated: the image, and the version that it must serve. */
export interface ValidateFacts extends FleetFacts, VersionNames, ImageFacts, ValidationFacts {}

/** What brings the fleet onto an image by an instance refresh. */
export interface RollFacts
  extends FleetFacts,
    VersionFacts,
    ImageFacts,
    NewTemplate,
    RefreshFacts,
    ReturnFacts,
    SizeFacts,
    WatchFacts {}

/** What moves the traffic of a blue/green fleet from one group to the other. */
export interface TrafficFacts extends FleetFacts, VersionFacts, ImageFacts, NewTemplate, ReturnFacts, WatchFacts {
  /** What the idle group was before it was scaled up. */
  idleBefore?: GroupSettings & { routes: { arn: string; weights: Weight[] }[] };
  /** Between which groups the traffic moves; `group` and `idle` are swapped once all of it has moved. */
  traffic?: { from: FleetGroup; to: FleetGroup };
  /** The minimum that the group which serves had, and the one it was held at instead. */
  held?: { minimum: number; at: number };
  /** Both groups before their settings changed places. */
  settings?: { live: GroupSettings; idle: GroupSettings };
}

/** What tasks around the release have saved, by the id of their step, and what failed without failing the release. */
export interface HookFacts {
  hooks?: Record<string, Record<string, unknown>>;
  /** A line each. */
  warnings?: string[];
}

/** What the commit is staged with, by plays of the release role or by a plain playbook. */
export interface StageFacts extends PlainFacts, InspectionFacts, MigrationFacts {}

/** What is baked, and what becomes of the instance then. */
export interface ImageOfRun extends PlainFacts, ImageFacts, PlaybookFacts, ReturnInstanceFacts {
  /** Why versions before this one cannot work with the data any more. */
  irreversible?: string;
  /** The versions that can be switched to on the host, read before it was cleaned. */
  environments?: string[];
}

/** How the instance of the image returns to service. */
export interface ReturnInstanceFacts extends PlayFacts {
  strategy: 'rolling' | 'blue-green';
  /** What cleaning is expected to take from the instance and a boot does not make again; absent for a builder. */
  loses?: Loses;
}

/** What a builder is booted from. */
export interface BuilderFacts extends FleetFacts, Pick<VersionNames, 'version'>, ReturnFacts, StandbyFacts {
  /** The base image that the builder starts from, instead of the image that serves. */
  base?: { imageId: string; name: string };
}

/** Facts of a release run, as journaled. */
export interface ReleaseState
  extends RollFacts,
    TrafficFacts,
    ServedFacts,
    ValidationFacts,
    StageFacts,
    ImageOfRun,
    BuilderFacts,
    HookFacts {
  ref: string;
  /** First line of the commit's message, and its author's name; absent in journals from before they were kept. */
  subject?: string;
  author?: string;
  /** What it brings; absent where the commit that serves is not known. */
  since?: CommitsSince;
  /** The base images under what serves and under this release, for the plan. */
  baseImages?: BaseChange;
  /** How the fleet gets the image. */
  method: 'rolling' | 'blue-green';
  /** How the fleet differs from the ledger, for the plan: a line each. */
  drift?: string[];
  /** Secrets that these credentials may not look for, for the plan: a line each. */
  uncheckedSecrets?: string[];
}

export type ReleaseContext = ContextWith<ReleaseState>;
export type ReleaseStep = StepWith<ReleaseState>;
