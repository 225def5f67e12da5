import type { RequestLaunchTemplateData, RunInstancesRequest } from '@aws-sdk/client-ec2';

/** What a launch asks for: the request over its template. */
export type LaunchData = RequestLaunchTemplateData & RunInstancesRequest;
