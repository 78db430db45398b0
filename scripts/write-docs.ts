import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { DOCUMENTS } from './documents.ts'
import { ROOT } from './project-files.ts'

// A test says so when this was forgotten.
for (const [path, text] of Object.entries(DOCUMENTS)) await writeFile(join(ROOT, path), text())
