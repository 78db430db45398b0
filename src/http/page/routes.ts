import { RegistryError } from '../../oci/registry-error.ts'
import type { Exchange, Handler, Reply } from '../exchange.ts'
import type { Route } from '../route.ts'
import type { PageFile, PageFiles } from './page-files.ts'

/**
 * The web page. Its views are listed, one segment each, so that addresses inside it can be relative below any path of a
 * proxy, and nothing else on this server ever answers HTML: what is not here stays a 404 in JSON.
 */
export function pageRoutes(files: PageFiles | undefined): Route[] {
  const view = showDocument(files)
  const at = (operationId: string, path: string, handle: Handler): Route => ({
    operationId,
    method: 'GET',
    path,
    right: 'anyone',
    handle,
  })
  return [
    at('showHome', '/', view),
    at('showRepository', '/repository', view),
    at('showImage', '/image', view),
    at('showFile', '/file', view),
    at('showLayer', '/layer', view),
    at('showGrid', '/grid', view),
    at('showCompare', '/compare', view),
    at('showPull', '/pull', view),
    at('showUpload', '/upload', view),
    at('showDocs', '/docs', view),
    at('showDeduplication', '/deduplication', view),
    at('showProject', '/project', view),
    at('showAccount', '/account', view),
    at('showSignIn', '/sign-in', view),
    at('getAsset', '/assets/{file}', sendAsset(files)),
  ]
}

/** Everything comes from this server, nothing runs that is not a file of the page, and nobody frames it. */
const POLICY = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self'",
  "img-src 'self'",
  "connect-src 'self'",
  "form-action 'self'",
  "base-uri 'none'",
  "frame-ancestors 'none'",
  "require-trusted-types-for 'script'",
  "trusted-types 'none'",
].join('; ')

const DOCUMENT_HEADERS = {
  // The names in it change with every version; what they name may be kept for ever.
  'cache-control': 'no-cache',
  'content-security-policy': POLICY,
  'cross-origin-opener-policy': 'same-origin',
  'referrer-policy': 'no-referrer',
  'x-frame-options': 'DENY',
}

function showDocument(files: PageFiles | undefined): Handler {
  return (exchange) => {
    if (files === undefined) return Promise.reject(notBuilt())
    return Promise.resolve(send(exchange, files.document, DOCUMENT_HEADERS))
  }
}

const ASSET_HEADERS = {
  'cache-control': 'public, max-age=31536000, immutable',
  'cross-origin-resource-policy': 'same-origin',
  // Also an SVG opened by itself runs nothing.
  'content-security-policy': "default-src 'none'; frame-ancestors 'none'; sandbox",
}

function sendAsset(files: PageFiles | undefined): Handler {
  return (exchange) => {
    const name = exchange.params['file'] ?? ''
    const file = files?.assets.get(name)
    if (file === undefined)
      return Promise.reject(
        new RegistryError('UNSUPPORTED', {
          status: 404,
          message: `the page has no file '${name.slice(0, 100)}'; it may be of another version: load the page again`,
        }),
      )
    return Promise.resolve(send(exchange, file, ASSET_HEADERS))
  }
}

function send({ request }: Exchange, file: PageFile, headers: Readonly<Record<string, string>>): Reply {
  const known = { ...headers, etag: file.etag, vary: 'accept-encoding' }
  if (request.headers['if-none-match']?.includes(file.etag) === true) return { status: 304, headers: known }
  const [encoding, body] = encoded(file, request.headers['accept-encoding'] ?? '')
  return {
    status: 200,
    headers: { ...known, 'content-type': file.type, ...(encoding && { 'content-encoding': encoding }) },
    body,
  }
}

/** One element of Accept-Encoding that names a form and does not refuse it. */
const BR = /^\s*br\s*(?:;(?!\s*q=0(?:\.0*)?\s*$).*)?$/
const GZIP = /^\s*gzip\s*(?:;(?!\s*q=0(?:\.0*)?\s*$).*)?$/

/** The smallest form that the browser takes. */
function encoded(file: PageFile, accepted: string): [encoding: string | undefined, body: Uint8Array] {
  const takes = (form: RegExp): boolean => accepted.split(',').some((one) => form.test(one))
  if (file.br !== undefined && takes(BR)) return ['br', file.br]
  if (file.gzip !== undefined && takes(GZIP)) return ['gzip', file.gzip]
  return [undefined, file.plain]
}

function notBuilt(): RegistryError {
  return new RegistryError('UNAVAILABLE', {
    message:
      'the registry works, but its web page is not built here: run `npm ci && npm run build` and restart',
  })
}
