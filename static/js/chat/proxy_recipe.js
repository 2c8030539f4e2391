// What an operator writes so that nginx lets the socket through.

import { el } from '../ui/dom.js';

const RECIPE = `location / {
  proxy_pass http://127.0.0.1:8000;
  proxy_http_version 1.1;
  proxy_set_header Host $host;
  proxy_set_header Upgrade $http_upgrade;
  proxy_set_header Connection "upgrade";
  proxy_buffering off;
}`;

export function proxyRecipe() {
  return el(
    'details',
    { class: 'recipe' },
    el('summary', { t: 'http.recipe' }),
    el('p', { t: 'http.why' }),
    el('pre', { text: RECIPE }),
  );
}
