/** The counters of an instance since its start, at one time. */
export interface Sample {
  /** Seconds since the epoch. */
  at: number
  /** Sessions asked of the store. */
  reads: number
  /** Of these, answered from this process's memory. */
  hits: number
  /** Requests to DynamoDB. */
  calls: number
  /** Capacity units that the requests consumed. */
  units: number
}

export type Metric = Exclude<keyof Sample, 'at'>

/** The newest samples of one instance; without any when it does not answer. */
export interface InstanceActivity {
  instance: string
  samples: Sample[]
}
