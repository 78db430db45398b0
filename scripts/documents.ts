import { configurationDocument } from '../src/config/print.ts'
import { errorDocument } from './error-document.ts'

/** The documents that are made from code: paths from the root of the project, and what they must hold. */
export const DOCUMENTS: Readonly<Record<string, () => string>> = {
  'docs/configuration.md': configurationDocument,
  'docs/errors.md': errorDocument,
}
