import { finish, must } from './processes.ts'

/** Adds an address to the loopback interface for the time of a test; nothing outside the machine can reach it. */
export async function borrowAddress(ip: string): Promise<{ ip: string; giveBack: () => Promise<void> }> {
  const { code, stderr } = await finish('ip', ['address', 'add', `${ip}/32`, 'dev', 'lo'])
  const present = stderr.includes('File exists')
  if (code !== 0 && !present) throw new Error(`cannot add ${ip} to the loopback interface: ${stderr}`)
  return {
    ip,
    giveBack: async () => {
      if (!present) await must('ip', ['address', 'del', `${ip}/32`, 'dev', 'lo'])
    },
  }
}
