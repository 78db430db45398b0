import { writeFile } from 'node:fs/promises'
import { configurationDocument } from '../src/config/print.ts'

// The documents that are made from code. A test says so when this was forgotten.
await writeFile(new URL('../docs/configuration.md', import.meta.url), configurationDocument())
