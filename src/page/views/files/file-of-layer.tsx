import { call } from '../../api/client.ts'
import { useAnswer } from '../../api/use-answer.ts'
import { shortDigest } from '../../format.ts'
import { href } from '../../location.ts'
import { Answered } from '../../parts/states.tsx'
import { BesideTree } from './beside-tree.tsx'
import { isAt } from './entry-list.tsx'
import { FileCard } from './file-card.tsx'
import { FileHead, openDirectory, shownDirectory } from './file-head.tsx'
import { enter, type FilePath, isSamePath, parentOf, pathQuery } from './file-path.ts'
import { LayerDirectory } from './layer-directory.tsx'
import { findEntry } from './pages.ts'

/** A file as one layer has it. */
export function FileOfLayer({ layer, path }: { readonly layer: string; readonly path: FilePath }) {
  const directory = parentOf(path)
  const asked = useAnswer(`entry ${layer} ${JSON.stringify(path)}`, (signal) =>
    findEntry(
      (page) => call('getLayerTree', { params: { digest: layer }, query: { ...directory, ...page } }, signal),
      (entry) => isSamePath(enter(directory, entry), path),
    ).then((entry) => ({ entry, at: path })),
  )
  return (
    <>
      <FileHead path={path} dirHref={(at) => href('layer', { digest: layer, ...pathQuery(at) })}>
        <a href={href('layer', { digest: layer })}>layer {shortDigest(layer)}</a>
      </FileHead>
      <BesideTree
        tree={
          <LayerDirectory
            layer={layer}
            path={shownDirectory(path)}
            isChosen={isAt(path)}
            open={openDirectory}
          />
        }
      >
        <Answered asked={asked} what="Finding the file">
          {({ entry, at }) =>
            entry === undefined ? (
              <p class="notice">The layer has no such file.</p>
            ) : (
              <FileCard source={{ layer, path: at }} entry={entry} />
            )
          }
        </Answered>
      </BesideTree>
    </>
  )
}
