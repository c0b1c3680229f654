/** The part of the optional package `devalue` that is used here; it need not be installed. */
declare module 'devalue' {
  export function stringify(value: unknown): string
  export function parse(text: string): unknown
  export function unflatten(parsed: unknown): unknown
}
