import { createServer } from 'node:http'

/** Serve an app and, at `/cpu`, the CPU this process has used, in us; for the process that started this one. */
export function listen(app) {
  const server = createServer((request, response) => {
    if (request.url !== '/cpu') return app(request, response)
    const { user, system } = process.cpuUsage()
    response.end(String(user + system))
  })
  server.keepAliveTimeout = 0
  server.listen(0, '127.0.0.1', () => process.send({ port: server.address().port }))
  process.on('disconnect', () => process.exit())
}
