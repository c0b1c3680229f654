// h3 2, for scripts in folders that have another release of h3.
export { H3, toNodeHandler, useSession } from 'h3'
