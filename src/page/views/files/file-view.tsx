import { visibleText } from '../../format.ts'
import { here } from '../../location.ts'
import { useTitle } from '../../parts/use-title.ts'
import { FileOfImage } from './file-of-image.tsx'
import { FileOfLayer } from './file-of-layer.tsx'
import { crumbs, readFilePath } from './file-path.ts'

/** One file: of an image as its layers leave it, or of a layer alone. */
export function FileView() {
  const { query } = here.value
  const path = readFilePath(query)
  const layer = query.get('layer')
  useTitle(visibleText(crumbs(path).at(-1)?.name ?? 'File'))
  return layer === null ? <FileOfImage path={path} /> : <FileOfLayer key={layer} layer={layer} path={path} />
}
