/** One port of one security group that may be opened for a while. */
export interface OpeningRule {
  /** App whose fleet it is about, and whose deploy role may open and close it; that of the pipelines file when left out. */
  fleet?: string;
  /** Another security group than that of the fleet's instances: name or id. The deploy role may open it when it has the fleet's tags. */
  securityGroup?: string;
  port: number;
  /** The widest range that may be requested, as the length of its prefix; 32, a single address, when left out. */
  widestPrefix?: number;
  /** How long it lasts unless told, and at most, in hours; 1 and 12 when left out. */
  hours?: number;
  maxHours?: number;
}
