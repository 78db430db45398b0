import type { ComponentChildren } from 'preact'
import type { LayerEntry } from '../../api/schema.generated.ts'
import { Ago, Digest, Foreign, Size } from '../../parts/values.tsx'
import { modeText } from './content.ts'
import './files.css'

/** What an archive says of a file: size, rights, owner, date, content. */
export function FileFacts({
  entry,
  children,
}: {
  readonly entry: LayerEntry
  readonly children?: ComponentChildren
}) {
  const { type, size, stored, mode, uid, gid, uname, gname, mtime, digest, linkname, xattrs = [] } = entry
  return (
    <dl class="file-facts">
      <Fact name="size">
        <Size bytes={size} /> unpacked
        {stored !== undefined && stored !== size && (
          <>
            , <Size bytes={stored} /> in the layer: it has holes
          </>
        )}
      </Fact>
      <Fact name="mode">
        <code>{modeText(mode)}</code>
        {(mode & 0o6000) !== 0 && (
          <span class="pill" title="It runs with the rights of its owner or group">
            set{(mode & 0o4000) !== 0 ? 'uid' : 'gid'}
          </span>
        )}
      </Fact>
      <Fact name="owner">
        {uid}:{gid}{' '}
        {(uname !== '' || gname !== '') && (
          <span class="dim">
            <Foreign text={`${uname}:${gname}`} />
          </span>
        )}
      </Fact>
      {mtime !== null && (
        <Fact name="modified">
          <Ago date={mtime} />
        </Fact>
      )}
      {type === 'hardlink' && linkname !== undefined && (
        <Fact name="the same file as">
          <code>
            <bdi>{linkname}</bdi>
          </code>
        </Fact>
      )}
      {digest !== undefined && (
        <Fact name="sha256">
          <Digest digest={digest} />
        </Fact>
      )}
      {xattrs.length > 0 && (
        <Fact name="attributes">
          {xattrs.map(({ name }) => (
            <code key={name} class="each">
              <Foreign text={name} />
            </code>
          ))}
        </Fact>
      )}
      {children}
    </dl>
  )
}

/** A name and what it is. */
export function Fact({ name, children }: { readonly name: string; readonly children: ComponentChildren }) {
  return (
    <div>
      <dt>{name}</dt>
      <dd>{children}</dd>
    </div>
  )
}
