/** A page beside a deployed package, for the person who opens its link: run it on zeros, or on a picture. */
import { plainPage } from './plain-page.ts';

export const TRY_PAGE = 'try.html';

export const tryPage = plainPage(`<h1 id="title">whittle</h1>
<p><label>A picture to run it on: <input id="picture" type="file" accept="image/*"></label></p>
<pre id="result" role="status">Loading …</pre>
<script type="module">
  import { createSession } from './index.js';
  const say = (text) => { document.getElementById('result').textContent = text; };
  try {
    const session = await createSession();
    document.getElementById('title').textContent = session.info.name;
    const run = async (inputs) => {
      const start = performance.now();
      const outputs = await session.run(inputs);
      const time = (performance.now() - start).toFixed(2) + ' ms (' + session.info.variant + ')';
      const best = (outputs.labels ?? []).map(({ label, value }) => label + '  ' + value.toFixed(4));
      const values = session.outputs.map(({ name }) => name + ': ' + Array.from(outputs[name].slice(0, 10), (value) => value.toPrecision(4)).join('  '));
      say([time, ...(best.length ? best : values)].join('\\n'));
    };
    const failed = (error) => say(error.message);
    await run(Object.fromEntries(session.inputs.map(({ name, length }) => [name, new Float32Array(length)])));
    document.getElementById('picture').onchange = ({ target }) => createImageBitmap(target.files[0]).then(run).catch(failed);
  } catch (error) {
    say(error.message);
  }
</script>`);
