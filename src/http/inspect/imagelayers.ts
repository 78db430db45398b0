import { z } from 'zod'
import type { Image } from '../../inspect/image.ts'
import { searchRepositories } from '../../inspect/search.ts'
import { layerSteps } from '../../inspect/steps.ts'
import { listTags } from '../../inspect/tags.ts'
import { projectOf, type RepositoryName } from '../../oci/name.ts'
import { answer } from '../api/answers.ts'
import { repositoryHidden } from '../authorize.ts'
import type { Exchange, Handler } from '../exchange.ts'
import { readJson } from '../request-body.ts'
import { requireName } from '../require-name.ts'
import { LAYER_LIMIT, type Loaded, loadEach } from './analyze.ts'
import { textParam } from './params.ts'
import { type InspectHttpParts, mayRead, projectsOf } from './parts.ts'

/** The API that imagelayers.io had, in its own shapes and words, so that its old clients and badges work. */

export const getStatus: Handler = () => Promise.resolve(answer(200, { message: 'ok', service: 'lamina' }))

const body = z.strictObject({
  repos: z
    .array(z.object({ name: z.string().max(300), tag: z.string().max(200).default('latest') }))
    .max(100),
})

/** An array in the order of the request; an image that is not there has its status and no layers. */
export function analyzeRepos(parts: InspectHttpParts): Handler {
  return async (exchange) => {
    const { repos } = await readJson(exchange.request, body)
    const refs = repos.map(({ name, tag }) => `${name}:${tag}`)
    const loaded = await loadEach(parts, exchange, { refs, layers: LAYER_LIMIT })
    return answer(
      200,
      loaded.map((one, index) => showRepo(one, repos[index] ?? { name: '', tag: '' })),
    )
  }
}

function showRepo({ image, error }: Loaded, repo: { readonly name: string; readonly tag: string }) {
  if (image === undefined)
    return { repo: { ...repo, size: 0, count: 0 }, layers: null, status: error?.status ?? 404 }
  const size = image.manifest.layers.reduce((sum, layer) => sum + layer.size, 0)
  return {
    repo: { ...repo, size, count: image.manifest.layers.length },
    layers: showLayers(image),
    status: 200,
  }
}

/** The tip first, each with the id of the one below: ids are ChainIDs, which say what v1 ids said. */
function showLayers({ config, manifest }: Image) {
  const layers = layerSteps(config, manifest.layers)
  const made = (config?.history ?? []).filter(({ empty }) => !empty)
  const { author = '', architecture = '', os = '' } = config ?? {}
  const common = { container: '', docker_version: '', config: {}, author, architecture, os }
  return layers
    .map((layer, index) => {
      const { comment = '', created = '', createdBy = '' } = made[index] ?? {}
      return {
        id: layer.chainId ?? layer.descriptor.text,
        parent: layers[index - 1]?.chainId ?? '',
        Comment: comment,
        created,
        container_config: { Cmd: [createdBy], Env: config?.run.env ?? [] },
        Size: layer.descriptor.size,
        ...common,
      }
    })
    .reverse()
}

/** Rows of one page, as the hub gave them. */
const SEARCH_ROWS = 10

export function searchNames(parts: InspectHttpParts): Handler {
  return async (exchange) => {
    const query = textParam(exchange, 'name') ?? ''
    const projects = await projectsOf(parts, exchange)
    const { repositories } = await parts.searches(exchange, () =>
      searchRepositories(parts.metadata, {
        terms: { name: query.toLowerCase(), tag: undefined, digest: undefined, together: false },
        after: undefined,
        limit: SEARCH_ROWS,
        projects,
        mayRead: mayRead(parts, exchange),
      }),
    )
    const rest = {
      description: '',
      is_automated: false,
      is_official: false,
      is_trusted: false,
      star_count: 0,
    }
    return answer(200, {
      num_pages: 1,
      num_results: repositories.length,
      page: 1,
      page_size: SEARCH_ROWS,
      query,
      results: repositories.map(({ name }) => ({ name, ...rest })),
    })
  }
}

/** Tags that are given at most: the old answer had no pages. */
const TAG_LIMIT = 1000

/** A map of each tag to the digest that it leads to. */
export function getImageTags(parts: InspectHttpParts): Handler {
  return async (exchange) => {
    const name = imageName(exchange)
    if (!(await mayRead(parts, exchange)(projectOf(name)))) throw repositoryHidden(name)
    const tags = await listTags(parts.metadata, name, { after: undefined, limit: TAG_LIMIT })
    return answer(200, Object.fromEntries(tags.map(({ tag, digest }) => [tag, digest])))
  }
}

/** Old clients escape the slashes of a name, or do not. */
function imageName({ params }: Exchange): RepositoryName {
  return requireName((params['name'] ?? '').replaceAll(/%2f/gi, '/'))
}
