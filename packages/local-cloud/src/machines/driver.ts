/** A request to a machine's metadata service, by a process of that machine. */
export interface MetadataRequest {
  method: string;
  /** With its query. */
  path: string;
  /** Names in lower case. */
  headers: Record<string, string | undefined>;
}

export interface MetadataAnswer {
  status: number;
  body: string;
  headers?: Record<string, string>;
}

/** What the cloud tells a driver about a machine to boot. */
export interface MachineSpec {
  instanceId: string;
  imageId: string;
  /** Its own address in 127.0.0.0/8. */
  address: string;
  /** `ip-127-77-16-1`, as EC2 names hosts after their address. */
  hostname: string;
  /** authorized_keys line of the key pair, if any. */
  publicKey?: string;
  /** Decoded user data. */
  userData?: string;
  /** Variables for all that runs in it. */
  environment?: Record<string, string>;
  /** Its metadata service; absent where there is none. */
  metadata?: (request: MetadataRequest) => MetadataAnswer;
}

/** Machines behind EC2: real sandboxes, or simulated ones. All promises reject with an Error whose message is fit for a StateReason. */
export interface MachineDriver {
  readonly kind: 'sandbox' | 'simulated';
  /** Boots at once at most; absent: 4, as more only thrash the few cores of a developer's machine. */
  readonly concurrentBoots?: number;
  /** Makes the machine's disk from its image; the disk exists until `destroy`. */
  create(spec: MachineSpec): Promise<void>;
  /** Starts the init of a machine whose disk exists; resolves when the init runs and SSH answers. */
  boot(spec: MachineSpec): Promise<void>;
  /** Orderly stop: the init stops its services (at most `graceMs`), then the machine is off. Resolves when nothing of it runs. */
  shutdown(instanceId: string, graceMs: number): Promise<void>;
  /** Removes the disk of a machine that is off. */
  destroy(instanceId: string): Promise<void>;
  /** Copies a machine's disk to a new image; the machine may run or be off. Resolves with the size in bytes. */
  snapshot(instanceId: string, imageId: string): Promise<number>;
  /** Removes an image's data; missing data is not an error. */
  deleteImage(imageId: string): Promise<void>;
  /** What the machine's console has printed, host keys included (as cloud-init prints them). */
  consoleOutput(instanceId: string): Promise<string>;
  /** Kills the machine's services, which its init starts again; how many processes there were. Absent where there are none. */
  killServices?(instanceId: string): Promise<number>;
  /** Called when a machine exits without a request to stop it. */
  onExit(listener: (instanceId: string, reason: string) => void): void;
  /** Ends every machine at once, for the stop of the daemon. */
  close(): Promise<void>;
}
