export interface Title {
  group: string
  name: string
}
export interface Result extends Title {
  result: string
  when: string
}
export function resultsOf(page: string): Result[]
export function withResults(page: string, rows: Title[], results: Result[]): string
export function tableOf(rows: Title[], results: Result[]): string
