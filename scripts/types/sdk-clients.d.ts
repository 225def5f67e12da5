// Stands for the packages of the AWS SDK in the package's own types: the SDK is bundled, so a project has it only if it installs it.

/** A command of the AWS SDK for JavaScript v3, of any version: its answer is known from its own types. */
export interface SdkCommand<Output> {
  readonly input: object;
  resolveMiddleware(...context: never[]): (...request: never[]) => Promise<{ output: Output }>;
}

/** A client of the AWS SDK for JavaScript v3. Commands come from the SDK's package, which the project installs itself. */
export interface SdkClient {
  send<Output>(command: SdkCommand<Output>, options?: { abortSignal?: AbortSignal }): Promise<Output>;
}

export type AutoScalingClient = SdkClient;
export type EC2Client = SdkClient;
export type ElasticLoadBalancingV2Client = SdkClient;
export type IAMClient = SdkClient;
