/** The frame of the small pages that phones and browsers open here: readable at arm's length, light and dark. */

/** @param body what stands between the head and the end */
export function plainPage(body: string): string {
  return `<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<title>whittle</title>
<link rel="icon" href="data:,">
<style>
  :root { color-scheme: light dark; font: 1.1rem/1.5 system-ui, sans-serif }
  body { max-width: 40rem; margin: 2rem auto; padding: 0 1rem }
  pre { white-space: pre-wrap; border-top: 1px solid; padding-top: .5rem; font-size: .9rem }
</style>
${body}
</html>
`;
}
