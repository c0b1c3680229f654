import { planMonth } from '../../../plan/plan.ts'
import { type Command, EXIT } from '../../ui/command.ts'
import { COMMON_FLAGS } from '../../flags/table-flags.ts'
import { PRICE_FLAGS, readPrices } from './prices.ts'
import { printPlan } from './report.ts'
import { WORKLOAD_FLAGS, readHeadroom, readSetup, readWorkload } from './workload.ts'

export const plan: Command = {
  name: 'plan',
  description: 'Estimate capacity units, provisioned capacity and monthly cost; sends no request',
  flags: { ...WORKLOAD_FLAGS, ...PRICE_FLAGS, ...COMMON_FLAGS },
  examples: [
    [
      'npx unsession plan --users 50000 --requests-per-minute 3000 --session-kb 2 --instances 4',
      'A site of medium size',
    ],
    [
      'npx unsession plan --users 50000 --requests-per-minute 3000 --idle-timeout 1800 --bots 40',
      'With short sessions and many bots',
    ],
    [
      'npx unsession plan --users 50000 --requests-per-minute 3000 --prices eu-west-1.json --json',
      'With the prices of another region, for a script',
    ],
  ],
  async run(flags, terminal) {
    const workload = readWorkload(flags)
    const setup = readSetup(flags)
    const headroom = readHeadroom(flags)
    const prices = await readPrices(flags)
    const planned = planMonth(workload, setup, prices, headroom)
    if (terminal.json) terminal.printJson({ workload, setup, headroom, prices, ...planned })
    else printPlan({ workload, setup, headroom, prices, plan: planned }, terminal)
    return EXIT.ok
  },
}
