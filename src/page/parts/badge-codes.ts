/** What a badge consists of: addresses are whole ones, the text is anyone's. */
interface Badge {
  readonly picture: string
  readonly page: string
  readonly text: string
}

/** How a badge is written in the languages of READMEs. */
export function badgeCodes({ picture, page, text }: Badge): readonly (readonly [string, string])[] {
  return [
    ['Markdown', `[![${text.replaceAll(/[\\[\]]/g, '\\$&')}](${picture})](${page})`],
    ['HTML', `<a href="${html(page)}"><img src="${html(picture)}" alt="${html(text)}"></a>`],
    ['AsciiDoc', `image:${picture}["${text.replaceAll('"', '”')}",link="${page}"]`],
  ]
}

function html(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('"', '&quot;')
}
