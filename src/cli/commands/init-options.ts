import type { Technology } from '../../project/stack/stack.ts';
import type { OptionSpec } from '../command.ts';

/** Help loads nothing of the project; the compiler sees to it that none is missing. */
const technologies = Object.keys({ node: 1, python: 1, ruby: 1, static: 1, binary: 1 } satisfies Record<Technology, 1>);

/** Each option answers a question of `pipeline init`. */
export const initOptions: readonly OptionSpec[] = [
  { flags: '--from-group <name>', description: 'Auto Scaling group of a fleet that runs; it is only read' },
  { flags: '--target-group <name>', description: 'with --from-group: which one, where the group has several' },
  { flags: '--region <name>', description: 'region of the environment' },
  { flags: '--source <folder>', description: 'folder of the app in the repository' },
  { flags: '--technology <name>', description: 'what the app is written in', choices: technologies },
  { flags: '--start <command>', description: 'command that starts the app; HOST and PORT are in its environment' },
  {
    flags: '--build <command>',
    description: 'command that installs and builds the app in a fresh checkout; - for none',
  },
  { flags: '--migrate <command>', description: 'command that changes the database once in each release; - for none' },
  { flags: '--port <n>', description: 'port of the service on each host' },
  { flags: '--health-path <path>', description: 'path that answers 200 when the service is able to work' },
  { flags: '--listener-port <n>', description: 'port of the load balancer' },
  { flags: '--min <n>', description: 'fewest instances' },
  { flags: '--max <n>', description: 'most instances' },
  { flags: '--ssh-user <name>', description: 'user on the hosts' },
  { flags: '--force', description: 'write pipelines/<app>.ts anew' },
];
