/** The builder of the page and the server. Undefined, and said, after `npm ci --omit=dev`. */
export async function loadVite() {
  try {
    return await import('vite')
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ERR_MODULE_NOT_FOUND') {
      console.error('Not built: Vite is a development dependency, and those were left out.')
      return undefined
    }
    throw error
  }
}
