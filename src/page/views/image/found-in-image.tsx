import { call } from '../../api/client.ts'
import type { ImageView as Image } from '../../api/schema.generated.ts'
import type { FileFilter } from '../files/file-filter.ts'
import { FoundFiles } from '../files/found-files.tsx'
import { missingText } from '../files/index-states.ts'
import { FileLink, stepOf } from './file-link.tsx'

/** The files of all layers that were looked for, those that a later layer removed too. */
export function FoundInImage({ image, filter }: { readonly image: Image; readonly filter: FileFilter }) {
  return (
    <FoundFiles
      of={image.ref}
      filter={filter}
      ask={(question, signal) => call('findFiles', { query: { ref: image.ref, ...question } }, signal)}
      remark={({ missing }) =>
        missing.length > 0 &&
        `; not looked through: ${missing.map((one) => missingText(image, one)).join(', ')}`
      }
    >
      {({ path, pathRaw, kind, layer, hidden }) => ({
        name: (
          <FileLink image={image} path={path} pathRaw={pathRaw} layer={layer} isDirectory={kind === 'dir'} />
        ),
        from: `${stepOf(image, layer)}${hidden ? ', removed later' : ''}`,
      })}
    </FoundFiles>
  )
}
