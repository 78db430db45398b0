import { defineConfig } from 'vite'

/**
 * Relative addresses everywhere, so that the page works below any path of a proxy; content hashes in the names, so that
 * caches may keep them for ever. Nothing is inlined: the Content-Security-Policy knows no inline script, style or font.
 */
export default defineConfig({
  base: './',
  oxc: { jsx: { runtime: 'automatic', importSource: 'preact' } },
  build: {
    target: 'es2023',
    outDir: '../../dist/page',
    emptyOutDir: true,
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    reportCompressedSize: false,
  },
})
