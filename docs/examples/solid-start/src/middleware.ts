import { createMiddleware } from '@solidjs/start/middleware'
import { sessions } from './sessions'

export default createMiddleware([sessions])
