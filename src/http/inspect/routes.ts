import type { Route } from '../route.ts'
import { analyze } from './analyze.ts'
import { getBadgeJson, getBadgeSvg } from './badge.ts'
import { checkImage } from './check.ts'
import { getLayerFile } from './file.ts'
import { findFiles, findLayerFiles } from './find-files.ts'
import { getHints } from './hints.ts'
import { getImage } from './image.ts'
import { getImageFile } from './image-file.ts'
import { getImageTree } from './image-tree.ts'
import { analyzeRepos, getImageTags, getStatus, searchNames } from './imagelayers.ts'
import { createInspectorTurns, type InspectorTurns } from './inspector-turns.ts'
import { rememberFiles } from './known-files.ts'
import { getLayerIndex, getLayerTree, rebuildLayerIndex } from './layer.ts'
import { getLayerBytes } from './layer-bytes.ts'
import { getLayerUsage } from './layer-users.ts'
import { getLineage } from './lineage.ts'
import { getCounts, getRepositories, getTags, search } from './lists.ts'
import { getIndex, getRaw } from './manifest.ts'
import { openToPages } from './open-to-pages.ts'
import { getPackages } from './packages.ts'
import type { InspectHttpParts } from './parts.ts'
import { getReferrers } from './referrers.ts'
import { compareImages, getDeduplication, getPullPlan } from './reports.ts'
import { getWaste } from './waste.ts'

const V1 = '/api/v1'
const OLD = '/registry'

/** The inspector: what is in images, with the caller's own rights. `anyone`: the handler shows what the caller may see. */
export function inspectRoutes(given: Omit<InspectHttpParts, keyof InspectorTurns>): Route[] {
  const parts = { ...given, ...createInspectorTurns() }
  const files = rememberFiles(parts)
  const routes: Route[] = [
    {
      operationId: 'getImage',
      method: 'GET',
      path: `${V1}/image`,
      right: 'pull-ref',
      handle: getImage(parts),
    },
    {
      operationId: 'getIndex',
      method: 'GET',
      path: `${V1}/index`,
      right: 'pull-ref',
      handle: getIndex(parts),
    },
    { operationId: 'getRaw', method: 'GET', path: `${V1}/raw`, right: 'pull-ref', handle: getRaw(parts) },
    { operationId: 'getTags', method: 'GET', path: `${V1}/tags`, right: 'pull-ref', handle: getTags(parts) },
    {
      operationId: 'analyze',
      method: 'POST',
      path: `${V1}/analyze`,
      right: 'anyone',
      handle: analyze(parts),
    },
    { operationId: 'search', method: 'GET', path: `${V1}/search`, right: 'anyone', handle: search(parts) },
    {
      operationId: 'getCounts',
      method: 'GET',
      path: `${V1}/projects/{project}/counts`,
      right: 'project-viewer',
      handle: getCounts(parts),
    },
    {
      operationId: 'getRepositories',
      method: 'GET',
      path: `${V1}/projects/{project}/repositories`,
      right: 'project-viewer',
      handle: getRepositories(parts),
    },
    {
      operationId: 'getImageTree',
      method: 'GET',
      path: `${V1}/image/tree`,
      right: 'pull-ref',
      handle: getImageTree(parts),
    },
    {
      operationId: 'getImageFile',
      method: 'GET',
      path: `${V1}/image/file`,
      right: 'pull-ref',
      handle: getImageFile(parts),
    },
    {
      operationId: 'getWaste',
      method: 'GET',
      path: `${V1}/image/waste`,
      right: 'pull-ref',
      handle: getWaste(parts, files),
    },
    {
      operationId: 'getHints',
      method: 'GET',
      path: `${V1}/image/hints`,
      right: 'pull-ref',
      handle: getHints(parts),
    },
    {
      operationId: 'checkImage',
      method: 'GET',
      path: `${V1}/image/check`,
      right: 'pull-ref',
      handle: checkImage(parts, files),
    },
    {
      operationId: 'findFiles',
      method: 'GET',
      path: `${V1}/image/files`,
      right: 'pull-ref',
      handle: findFiles(parts),
    },
    {
      operationId: 'getPackages',
      method: 'GET',
      path: `${V1}/image/packages`,
      right: 'pull-ref',
      handle: getPackages(parts),
    },
    {
      operationId: 'getLineage',
      method: 'GET',
      path: `${V1}/image/lineage`,
      right: 'pull-ref',
      handle: getLineage(parts),
    },
    {
      operationId: 'getReferrers',
      method: 'GET',
      path: `${V1}/image/referrers`,
      right: 'pull-ref',
      handle: getReferrers(parts),
    },
    {
      operationId: 'compareImages',
      method: 'GET',
      path: `${V1}/compare`,
      right: 'anyone',
      handle: compareImages(parts),
    },
    {
      operationId: 'getPullPlan',
      method: 'POST',
      path: `${V1}/pullplan`,
      right: 'anyone',
      handle: getPullPlan(parts),
    },
    {
      operationId: 'getBadgeSvg',
      method: 'GET',
      path: `${V1}/badge.svg`,
      right: 'anyone',
      handle: getBadgeSvg(parts),
    },
    {
      operationId: 'getBadgeJson',
      method: 'GET',
      path: `${V1}/badge.json`,
      right: 'anyone',
      handle: getBadgeJson(parts),
    },
    {
      operationId: 'getDeduplication',
      method: 'GET',
      path: `${V1}/projects/{project}/dedup`,
      right: 'project-viewer',
      handle: getDeduplication(parts),
    },
    {
      operationId: 'getLayerFile',
      method: 'GET',
      path: `${V1}/layer/{digest}/file`,
      right: 'anyone',
      handle: getLayerFile(parts),
    },
    {
      operationId: 'getLayerBytes',
      method: 'GET',
      path: `${V1}/layer/{digest}/bytes`,
      right: 'anyone',
      handle: getLayerBytes(parts),
    },
    {
      operationId: 'getLayerUsage',
      method: 'GET',
      path: `${V1}/layer/{digest}/usage`,
      right: 'anyone',
      handle: getLayerUsage(parts),
    },
    {
      operationId: 'getLayerTree',
      method: 'GET',
      path: `${V1}/layer/{digest}/tree`,
      right: 'anyone',
      handle: getLayerTree(parts),
    },
    {
      operationId: 'findLayerFiles',
      method: 'GET',
      path: `${V1}/layer/{digest}/files`,
      right: 'anyone',
      handle: findLayerFiles(parts),
    },
    {
      operationId: 'getLayerIndex',
      method: 'GET',
      path: `${V1}/layer/{digest}/index`,
      right: 'anyone',
      handle: getLayerIndex(parts),
    },
    {
      operationId: 'rebuildLayerIndex',
      method: 'POST',
      path: `${V1}/layer/{digest}/index`,
      right: 'administrator',
      handle: rebuildLayerIndex(parts),
    },
    { operationId: 'oldStatus', method: 'GET', path: `${OLD}/status`, right: 'anyone', handle: getStatus },
    {
      operationId: 'oldSearch',
      method: 'GET',
      path: `${OLD}/search`,
      right: 'anyone',
      handle: searchNames(parts),
    },
    {
      operationId: 'oldAnalyze',
      method: 'POST',
      path: `${OLD}/analyze`,
      right: 'anyone',
      handle: analyzeRepos(parts),
    },
    {
      operationId: 'oldTags',
      method: 'GET',
      path: `${OLD}/images/{name}/tags`,
      right: 'anyone',
      handle: getImageTags(parts),
    },
  ]
  return routes.map(openToPages)
}
