import { call } from '../../api/client.ts'
import { useAnswer } from '../../api/use-answer.ts'
import { percentText } from '../../format.ts'
import { Answered } from '../../parts/states.tsx'
import { Bars } from './bars.tsx'

/** What the layers of a project hold more than once, file by file. */
export function BelowLayers({ project }: { readonly project: string }) {
  const asked = useAnswer(`dedup ${project}`, (signal) =>
    call('getDeduplication', { params: { project } }, signal),
  )
  return (
    <section>
      <h2>Below the layers of {project}</h2>
      <Answered asked={asked} what="Comparing the files of all layers">
        {({ files, uniqueFiles, layers, indexed, partial }) => (
          <>
            <Bars
              rows={[
                { name: 'files of its layers', kind: 'logical', bytes: files, remark: 'unpacked' },
                { name: 'each content once', kind: 'possible', bytes: uniqueFiles, remark: 'unpacked' },
              ]}
            />
            <p class="dim">
              {files === 0
                ? 'No file of its layers is known yet.'
                : `Different layers repeat ${percentText(1 - uniqueFiles / files)} of their bytes. They are stored as they were pushed: this is what storing file by file could save.`}{' '}
              Counted: {indexed} of {layers} blobs; configurations are blobs without files.
              {partial && ' There are more than were counted.'}
            </p>
          </>
        )}
      </Answered>
    </section>
  )
}
