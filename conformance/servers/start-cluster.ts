import { parseArgs } from 'node:util'
import { Cluster, Stores } from './cluster.ts'
import { admin } from './lamina.ts'
import { must } from './processes.ts'
import { projectRoot } from './workspace.ts'

// `npm run cluster [-- --port 5000 --replicas 3]`: the cluster form on one machine, until Ctrl-C. Everything is thrown
// away at the end: S3 keeps its objects in memory.
const { values } = parseArgs({
  options: { port: { type: 'string', default: '5000' }, replicas: { type: 'string', default: '2' } },
})
await must('bash', ['conformance/servers/install.sh', '--servers'], { cwd: projectRoot, patience: 600_000 })
const stores = await Stores.start('start')
const port = Number(values.port)
const cluster = await Cluster.start({ name: 'start', stores, replicas: Number(values.replicas), port })
const host = `localhost:${port}`
console.log(`
${cluster.replicas.length} replicas behind nginx on http://${host}
  replicas    ${cluster.replicas.map(({ url, pid }) => `${url} (pid ${pid})`).join('\n              ')}
  PostgreSQL  ${cluster.settings['LAMINA_METADATA'] ?? ''} (pid ${stores.postgres.pid})
  S3          ${stores.s3.url} (pid ${stores.s3.pid})
  logs        .work/logs/start-*.log

Try it; each request reaches the next replica:
  docker login ${host} -u ${admin.user} -p ${admin.password}
  docker pull alpine && docker tag alpine ${host}/demo/alpine:v1
  docker push ${host}/demo/alpine:v1
  docker rmi ${host}/demo/alpine:v1 && docker pull ${host}/demo/alpine:v1

Pull a cable: kill -9 any of the processes above while a push runs. Ctrl-C ends everything.`)
// The harness ends at once on a signal; a person's cluster takes its folders along.
for (const signal of ['SIGINT', 'SIGTERM']) process.removeAllListeners(signal)
await new Promise<void>((resolve) => {
  process.once('SIGINT', resolve)
  process.once('SIGTERM', resolve)
})
await cluster.stop()
await stores.stop()
