// dynalite, which tells the CPU it has used, in us, to the process that started it and sends it a message.
import dynalite from 'dynalite'

const server = dynalite({ createTableMs: 0 })
server.keepAliveTimeout = 0
server.listen(0, '127.0.0.1', () => process.send({ port: server.address().port }))
process.on('message', () => {
  const { user, system } = process.cpuUsage()
  process.send({ cpu: user + system })
})
process.on('disconnect', () => process.exit())
