/** Prices in US dollars. */
export interface Prices {
  /** A million read request units, on demand. */
  read: number
  /** A million write request units, on demand. */
  write: number
  /** A read capacity unit for an hour, provisioned. */
  readHour: number
  /** A write capacity unit for an hour, provisioned. */
  writeHour: number
  /** A GB stored for a month. */
  storage: number
  /** Source of these prices, for the report. */
  source: string
}

/** List prices of the standard table class, without the free tier. */
export const DEFAULT_PRICES: Prices = {
  read: 0.125,
  write: 0.625,
  readHour: 0.00013,
  writeHour: 0.00065,
  storage: 0.25,
  source: 'us-east-1, September 2026, https://aws.amazon.com/dynamodb/pricing/',
}
