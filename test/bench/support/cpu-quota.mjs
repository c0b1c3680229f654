import { mkdirSync, rmdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'

const PERIOD_US = 100_000
const CGROUPS = '/sys/fs/cgroup'

/**
 * Limits a process to a part of a core: by a control group of the kernel (version 1 or 2) if this process may create one, else by
 * stopping it for the rest of each period. Lambda's own limit works by periods, too.
 *
 * @param pid - a process that this one has started
 * @param share - cores, such as 0.072
 * @returns `how`: `cgroup` or `signals`; `lift()`, to be called when the process has ended
 */
export function limitCpu(pid, share) {
  const quota = Math.round(PERIOD_US * share)
  const v1 = {
    folder: join(CGROUPS, 'cpu'),
    files: { 'cpu.cfs_period_us': PERIOD_US, 'cpu.cfs_quota_us': quota },
  }
  const v2 = { folder: CGROUPS, files: { 'cpu.max': `${quota} ${PERIOD_US}` } }
  return byGroup(pid, v1) ?? byGroup(pid, v2) ?? bySignals(pid, share)
}

function byGroup(pid, { folder, files }) {
  const group = join(folder, `unsession-bench-${pid}`)
  try {
    mkdirSync(group)
  } catch {
    return undefined
  }
  try {
    for (const [name, value] of Object.entries(files))
      writeFileSync(join(group, name), String(value), { flag: 'r+' })
    writeFileSync(join(group, 'cgroup.procs'), String(pid), { flag: 'r+' })
    return { how: 'cgroup', lift: () => rmdirSync(group) }
  } catch {
    rmdirSync(group)
    return undefined
  }
}

function bySignals(pid, share) {
  const period = PERIOD_US / 1000
  const signal = (name) => {
    try {
      process.kill(pid, name)
    } catch {
      clearInterval(timer)
    }
  }
  const run = () => {
    signal('SIGCONT')
    setTimeout(signal, period * share, 'SIGSTOP')
  }
  signal('SIGSTOP')
  const timer = setInterval(run, period)
  return {
    how: 'signals',
    lift() {
      clearInterval(timer)
      signal('SIGCONT')
    },
  }
}
