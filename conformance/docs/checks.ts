import { writeFile } from 'node:fs/promises'
import path from 'node:path'
import { checkKubernetes } from '../servers/kubernetes-schema.ts'
import { must } from '../servers/processes.ts'
import { projectRoot } from '../servers/workspace.ts'

/** How blocks that are files, and not commands, are read by what reads such files: the names of `<!-- checked as: … -->`. */
export const CHECKS: Readonly<Record<string, (text: string, folder: string) => Promise<string>>> = {
  'lamina.yaml': async (text, folder) => {
    const file = path.join(folder, 'lamina.yaml')
    await writeFile(file, text, { mode: 0o600 })
    await must(path.join(projectRoot, 'bin/lamina'), ['config'], { env: { LAMINA_CONFIG: file } })
    return 'read by lamina config'
  },
  Kubernetes: async (text) => (await checkKubernetes(text)).join(', '),
}
