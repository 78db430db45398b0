import path from 'node:path'
import { Report } from '../report.ts'
import { makeCertificates } from '../servers/certificates.ts'
import { Lamina } from '../servers/lamina.ts'
import { scratchFolder } from '../servers/workspace.ts'
import { driveClients } from './drive.ts'

// `npm run test:clients [-- NAME…]`: real clients, authentication on, over http and TLS, watched on the wire.
const report = new Report('clients')
const scratch = await scratchFolder('clients')
const asked = process.argv.slice(2)
const start = (options: { name: string }): Promise<Lamina> =>
  Lamina.start({ ...options, data: path.join(scratch.path, `data-${options.name}`) })
try {
  const tls = await makeCertificates(scratch.path, ['localhost', '127.0.0.1'])
  await driveClients({ report, start, asked, folder: scratch.path, tls: undefined })
  await driveClients({ report, start, asked, folder: scratch.path, tls })
} finally {
  await scratch.remove()
}
report.finish()
