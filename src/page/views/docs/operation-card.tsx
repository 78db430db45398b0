import { Scroll } from '../../parts/scroll.tsx'
import type { Content, Operation } from './description.ts'
import { Line, Prose } from './prose.tsx'
import { TypeTree } from './type-tree.tsx'

/** All that is said of one operation. */
export function OperationCard({ operation }: { readonly operation: Operation }) {
  const { parameters, body, answers, right, id, text } = operation
  return (
    <>
      <Prose text={text} />
      <p class="dim">
        Needs: <code>{right}</code> · operation <code>{id}</code>
      </p>
      {parameters.length > 0 && (
        <>
          <h4>Parameters</h4>
          <Scroll label={`Parameters of ${id}`}>
            <table>
              <tbody>
                {parameters.map((one) => (
                  <tr key={`${one.in} ${one.name}`}>
                    <td>
                      <code class="strong">{one.name}</code>
                    </td>
                    <td class="dim">
                      {one.in}
                      {one.required && ', required'}
                    </td>
                    <td class="wrap">
                      <Line text={one.text} /> <TypeTree type={one.type} />
                    </td>
                  </tr>
                ))}
              </tbody>
            </table>
          </Scroll>
        </>
      )}
      {body !== undefined && (
        <>
          <h4>Body{!body.required && ', if any'}</h4>
          <Prose text={body.text} />
          <Contents content={body.content} />
        </>
      )}
      <h4>Answers</h4>
      <dl class="answers">
        {answers.map(({ status, text: meaning, codes, headers, content }) => (
          <div key={status}>
            <dt>
              <code class={/^[23]/.test(status) ? 'strong' : ''}>
                {status === 'default' ? 'else' : status}
              </code>
            </dt>
            <dd>
              <Line text={meaning} />
              {codes.length > 0 && <span class="dim"> {codes.join(', ')}</span>}
              {headers.length > 0 && (
                <ul class="type-fields">
                  {headers.map((one) => (
                    <li key={one.name}>
                      <code>{one.name}:</code> <Line text={one.text} />
                    </li>
                  ))}
                </ul>
              )}
              {codes.length === 0 && <Contents content={content} />}
            </dd>
          </div>
        ))}
      </dl>
    </>
  )
}

function Contents({ content }: { readonly content: readonly Content[] }) {
  return (
    <>
      {content.map(({ mediaType, type }) => (
        <div key={mediaType} class="content">
          <code class="dim">{mediaType}</code> <TypeTree type={type} />
        </div>
      ))}
    </>
  )
}
