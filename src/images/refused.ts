import { RegistryError } from '../oci/registry-error.ts'

/** An archive that cannot be taken, with the reason that its sender reads. */
export function refused(message: string, cause?: unknown): RegistryError {
  return new RegistryError('REQUEST_INVALID', { message: `the archive is refused: ${message}`, cause })
}
