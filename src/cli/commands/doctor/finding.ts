import { UnsessionError } from '../../../../drivers/utils/errors.ts'

/** The result of one check. */
export interface Finding {
  /** Name of the check. */
  name: string
  /** `warning`: it works, with a disadvantage. `skipped`: it could not be checked. */
  status: 'ok' | 'warning' | 'failed' | 'skipped'
  /** The result in words. */
  detail: string
  /** How to repair it. */
  fix?: string
  /** Code of the error, and its entry in the documentation. */
  code?: string
  docs?: string
}

export function passed(name: string, detail: string): Finding {
  return { name, status: 'ok', detail }
}

export function warned(name: string, detail: string, fix: string): Finding {
  return { name, status: 'warning', detail, fix }
}

export function failed(name: string, detail: string, fix: string): Finding {
  return { name, status: 'failed', detail, fix }
}

export function skipped(name: string, detail: string): Finding {
  return { name, status: 'skipped', detail }
}

/** Returns the finding for a failure. The errors of this package name the fix. Throws all other errors. */
export function failedBy(name: string, error: unknown): Finding {
  if (!(error instanceof UnsessionError)) throw error
  const { code, docs } = error
  return {
    name,
    status: 'failed',
    detail: error.message.replace('[unsession] ', ''),
    code,
    docs: `unsession/${docs}`,
  }
}
