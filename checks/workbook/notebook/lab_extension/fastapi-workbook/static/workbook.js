/* The workbook in JupyterLab: where one is, buttons on cards, files beside the notebook, predictions by clicking.

   This is a prebuilt extension of JupyterLab 4, written by hand so that what is shipped is what can be read. JupyterLab
   loads this file, calls `init` with the modules that it shares, and asks for the plugin. The kernel knows everything
   about the course (checks/workbook/notebook/front.py); this page asks it over one Jupyter comm for each notebook. */
(() => {
  'use strict';

  const NAME = 'fastapi-workbook';
  const HERE = document.currentScript.src;
  const LOOK_MS = 2000; // how often open files are compared with those on disk
  const TEXT_LIMIT = 200; // code units of a heading that is searched for an exercise

  let shared; // the modules of JupyterLab, by name and version

  async function use(name) {
    const [version] = Object.values(shared[name]);
    return (await version.get())();
  }

  // ---------------------------------------------------------------- the kernel

  /** The talk with one notebook's kernel. */
  class Talk {
    constructor(panel, news) {
      this.panel = panel;
      this.news = news;
      this.waiting = new Map();
      this.number = 0;
      this.comm = null;
    }

    get kernel() {
      return this.panel.sessionContext.session?.kernel ?? null;
    }

    async open() {
      const kernel = this.kernel;
      if (this.comm && !this.comm.isDisposed && this.comm.kernelOf === kernel) return;
      if (!kernel) throw new Error('The kernel is not there yet.');
      const comm = kernel.createComm(NAME);
      comm.kernelOf = kernel;
      comm.onMsg = message => this.take(message.content.data);
      comm.onClose = () => this.close();
      this.comm = comm;
      comm.open({});
    }

    close() {
      this.comm = null;
      for (const { reject } of this.waiting.values()) reject(new Error('The kernel went away.'));
      this.waiting.clear();
    }

    take(data) {
      if (data.news) return this.news(data);
      this.waiting.get(data.id)?.resolve(data);
      this.waiting.delete(data.id);
    }

    async ask(question) {
      await this.open();
      const id = ++this.number;
      const answer = new Promise((resolve, reject) => this.waiting.set(id, { resolve, reject }));
      this.comm.send({ ...question, id });
      return answer;
    }
  }

  // ---------------------------------------------------------------- small things

  function element(tag, attributes = {}, ...children) {
    const node = document.createElement(tag);
    for (const [name, value] of Object.entries(attributes)) {
      if (value !== null && value !== undefined) node.setAttribute(name, value);
    }
    node.append(...children.filter(child => child !== null));
    return node;
  }

  const button = (text, details) => element('button', { type: 'button', class: 'wb-link', ...details }, text);

  /** Where the course's files begin in a path, so that links work from any folder. */
  function coursePath(path) {
    return /(?:^|\/)(lessons\/lesson_\d\d\/.+)$/.exec(path ?? '')?.[1] ?? null;
  }

  const exerciseOf = text => /^#{1,6}\s+Exercise (\d+\.\d+)\b/m.exec(text.slice(0, TEXT_LIMIT))?.[1] ?? null;

  // ---------------------------------------------------------------- the plugin

  function activate(modules, app, notebooks, documents, themes, mermaid) {
    const { CodeCell } = modules.cells;
    const { Widget } = modules.widgets;
    const { MainAreaWidget } = modules.apputils;
    const talks = new Map(); // by panel

    document.head.append(element('link', { rel: 'stylesheet', href: HERE.replace(/[^/]+$/, 'workbook.css') }));

    // -- files beside the notebook

    function besides(panel) {
      const open = [...app.shell.widgets('main')];
      const editor = open.find(widget => widget !== panel && documents.contextForWidget(widget)?.path.endsWith('.py'));
      if (editor) return { mode: 'tab-after', ref: editor.id };
      const terminal = open.find(widget => widget.node.querySelector('.jp-Terminal'));
      return terminal ? { mode: 'split-top', ref: terminal.id } : { mode: 'split-right', ref: panel?.id };
    }

    async function openFile(panel, path, line) {
      const widget = documents.openOrReveal(path, 'default', undefined, besides(panel));
      if (!widget) return;
      await widget.revealed;
      const editor = widget.content?.editor;
      if (!editor) return;
      if (Number.isInteger(line)) {
        const position = { line: Math.min(line, editor.lineCount - 1), column: 0 };
        editor.setCursorPosition(position);
        editor.revealPosition(position);
      }
      app.shell.activateById(widget.id);
      editor.focus();
    }

    function goTo(panel, exercise) {
      const cell = panel.content.widgets.find(
        each => each.model.type === 'markdown' && exerciseOf(each.model.sharedModel.getSource()) === exercise
      );
      if (!cell) return;
      panel.content.activeCellIndex = panel.content.widgets.indexOf(cell);
      void panel.content.scrollToCell(cell, 'start');
    }

    async function openLesson(panel, number) {
      const { workspace, html } = await talkOf(panel).ask({ do: 'lesson', lesson: number });
      if (!workspace) return inform(html);
      await panel.context.save();
      const base = app.serviceManager.serverSettings.baseUrl;
      location.assign(`${base}lab/workspaces/${workspace}`);
    }

    async function openContents(panel) {
      const { html } = await talkOf(panel).ask({ do: 'contents' });
      const id = `${NAME}-contents`;
      let tab = [...app.shell.widgets('main')].find(widget => widget.id === id);
      if (!tab) {
        tab = new MainAreaWidget({ content: new Widget() });
        tab.id = id;
        tab.title.label = 'Contents';
        tab.title.closable = true;
        app.shell.add(tab, 'main', { mode: 'tab-after', ref: panel.id });
      }
      tab.content.node.className += ' wb-page';
      tab.content.node.dataset.wbPanel = panel.id;
      tab.content.node.innerHTML = html;
      app.shell.activateById(id);
    }

    const inform = html => {
      const plain = element('div');
      plain.innerHTML = html;
      return modules.apputils.Notification.info(plain.textContent.trim(), { autoClose: 8000 });
    };

    // -- what a click asks for

    function placeOf(node) {
      const home = node.closest('[data-wb-panel]')?.dataset.wbPanel;
      const panel = home
        ? notebooks.find(each => each.id === home)
        : notebooks.find(each => each.node.contains(node)) ?? notebooks.currentWidget;
      const cell = panel?.content.widgets.find(each => each.node.contains(node)) ?? null;
      return { panel, cell };
    }

    /** Show an answer of the kernel below a card, until the card is made anew. */
    function showBelow(node, html) {
      const card = node.closest('.wb');
      let below = card.querySelector(':scope > .wb-below');
      if (!below) card.append((below = element('div', { class: 'wb-below', role: 'status' })));
      below.innerHTML = html;
      below.scrollIntoView({ block: 'nearest' });
    }

    const actions = {
      async check({ panel, cell }) {
        await CodeCell.execute(cell, panel.sessionContext);
        await refresh(panel);
      },
      open: ({ panel, asked }) => openFile(panel, asked.wbPath, asked.wbLine ? Number(asked.wbLine) - 1 : null),
      async hint({ panel, node, asked }) {
        showBelow(node, (await talkOf(panel).ask({ do: 'hint', exercise: asked.wbExercise })).html);
      },
      async diff({ panel, node, asked }) {
        showBelow(node, (await talkOf(panel).ask({ do: 'diff', exercise: asked.wbExercise })).html);
      },
      async live({ panel, node, asked }) {
        const { on } = await talkOf(panel).ask({ do: 'live', off: Boolean(asked.wbOff) });
        const said = on ? 'The next check renews itself after each save.' : 'It no longer renews itself.';
        node.parentElement.querySelector('.wb-live').textContent = said;
        node.textContent = on ? 'Stop that' : 'Turn that on again';
        if (on) node.dataset.wbOff = 'yes';
        else delete node.dataset.wbOff;
      },
      async exercise({ panel, asked }) {
        goTo(panel, asked.wbExercise);
        if (asked.wbPath) await openFile(panel, asked.wbPath, asked.wbLine ? Number(asked.wbLine) - 1 : null);
      },
      goto: ({ panel, asked }) => goTo(panel, asked.wbExercise),
      lesson: ({ panel, asked }) => openLesson(panel, Number(asked.wbLesson)),
      contents: ({ panel }) => openContents(panel)
    };

    async function onClick(event) {
      const node = event.target instanceof Element ? event.target.closest('[data-wb]') : null;
      if (node) {
        event.preventDefault();
        event.stopPropagation();
        const { panel, cell } = placeOf(node);
        if (!panel) return;
        node.setAttribute('aria-busy', 'true');
        try {
          await actions[node.dataset.wb]?.({ panel, cell, node, asked: node.dataset });
        } catch (fault) {
          modules.apputils.Notification.error(`This did not work: ${fault.message}`, { autoClose: 8000 });
        }
        node.removeAttribute('aria-busy');
        return;
      }
      onLink(event);
    }

    /** A link to a file of a lesson opens it beside the notebook; a link to another notebook opens its lesson. */
    function onLink(event) {
      const link = event.target instanceof Element ? event.target.closest('.jp-NotebookPanel a[href]') : null;
      if (!link || event.ctrlKey || event.metaKey || event.button !== 0) return;
      const { origin, pathname, hash } = new URL(link.href, location.href);
      const linked = link.dataset.commandlinkerArgs; // JupyterLab's own way, for links in outputs
      const path = linked ? JSON.parse(linked).path : decodeURIComponent(pathname);
      const lesson = /(?:^|\/)(\d\d)_\w+\.ipynb$/.exec(path)?.[1];
      const file = coursePath(path);
      const { panel } = placeOf(link);
      if (!panel || (!file && !lesson) || origin !== location.origin) return;
      event.preventDefault();
      event.stopPropagation();
      if (lesson) return void openLesson(panel, Number(lesson));
      const line = /[#&]line=(\d+)/.exec(hash)?.[1];
      void openFile(panel, file, line === undefined ? null : Number(line));
    }

    document.body.addEventListener('click', event => void onClick(event), true);

    // -- where one is

    /** An empty bar above the notebook; its layout gives it as much height as its text needs. */
    function makeBar(panel) {
      const inner = element('nav', { class: 'wb-place', 'aria-label': 'Where you are in the course' });
      const widget = new Widget({ node: element('div', {}, inner) });
      panel.contentHeader.addWidget(widget);
      const observer = new ResizeObserver(() => {
        widget.node.style.minHeight = `${inner.offsetHeight}px`;
        panel.contentHeader.fit();
      });
      observer.observe(inner);
      panel.disposed.connect(() => observer.disconnect());
      return inner;
    }

    function bar(panel, where) {
      const node = panel.wbBar;
      if (!where.lesson) return node.replaceChildren();
      const points = `${where.points} of ${where.max_points} points`;
      const left = where.minutes ? `about ${where.minutes} minutes left` : 'done';
      const step = (name, number) =>
        number ? button(name, { 'data-wb': 'lesson', 'data-wb-lesson': number, title: `Lesson ${number}` }) : null;
      node.replaceChildren(
        element('strong', {}, `Lesson ${where.lesson} · ${where.title}`),
        element('span', { class: 'wb-bar-text' }, `${points}, ${left}`),
        where.exercise
          ? button(`${where.exercise} ${where.exercise_title}`, { 'data-wb': 'goto', 'data-wb-exercise': where.exercise })
          : null,
        element('span', { class: 'wb-bar-space' }),
        ...[step('← Previous', where.previous), button('Contents', { 'data-wb': 'contents' }), step('Next →', where.next)]
          .filter(each => each !== null)
      );
    }

    async function refresh(panel) {
      const where = await talkOf(panel).ask({ do: 'where' });
      bar(panel, where);
    }

    // -- news from the kernel: a card that was made anew

    function onNews(panel, news) {
      if (news.news === 'says') {
        for (const node of panel.node.querySelectorAll(`[data-wb-card="${news.card}"] .wb-live`)) {
          node.textContent = news.text;
        }
        return;
      }
      for (const cell of panel.content.widgets) {
        if (cell.model.type !== 'code') continue;
        const outputs = cell.model.outputs;
        for (let index = 0; index < outputs.length; index += 1) {
          const output = outputs.get(index).toJSON();
          const html = [output.data?.['text/html'] ?? ''].flat().join('');
          if (!html.includes(`data-wb-card="${news.card}"`)) continue;
          output.data = { 'text/plain': news.text, 'text/html': news.html };
          outputs.set(index, output);
        }
      }
      void refresh(panel);
    }

    // -- predictions

    /** Take a `%%predict` cell apart: its question, its options, and what was answered. */
    function readPrediction(source) {
      const [head, ...lines] = source.split('\n');
      if (!/^%%predict\s/.test(head)) return null;
      const question = [];
      const options = [];
      let answer = '';
      for (const line of lines) {
        const option = /^\s*([a-f])\)\s+(.*\S)\s*$/.exec(line);
        const answered = /^\s*answer\s*:(.*)$/i.exec(line);
        if (option) options.push({ letter: option[1], text: option[2] });
        else if (answered) answer = answered[1].trim();
        else question.push(line.trim());
      }
      return { question: question.join(' ').trim(), options, answer };
    }

    async function answer(panel, cell, text) {
      const source = cell.model.sharedModel.getSource();
      const lines = source.split('\n');
      const at = lines.findIndex(line => /^\s*answer\s*:/i.test(line));
      const kept = at < 0 ? lines : lines.slice(0, at);
      cell.model.sharedModel.setSource([...kept, `answer: ${text}`].join('\n'));
      await CodeCell.execute(cell, panel.sessionContext);
    }

    function showPrediction(panel, cell) {
      const read = readPrediction(cell.model.sharedModel.getSource());
      if (!read) return;
      cell.addClass('wb-predict');
      cell.wbQuestion?.remove();
      const id = `wb-question-${cell.model.id}`;
      const group = element('div', { class: 'wb-question', role: 'group', 'aria-labelledby': id });
      group.append(element('p', { id }, element('strong', {}, 'Predict. '), read.question));
      for (const { letter, text } of read.options) {
        const chosen = read.answer.toLowerCase().startsWith(letter);
        const option = element(
          'button',
          { type: 'button', class: 'wb-option', 'aria-pressed': String(chosen) },
          element('span', { class: 'wb-letter' }, letter),
          text
        );
        option.addEventListener('click', () => void answer(panel, cell, letter));
        group.append(option);
      }
      if (!read.options.length) {
        const field = element('textarea', { rows: 2, 'aria-labelledby': id });
        field.value = read.answer;
        const done = button('Note it', { class: 'wb-button' });
        done.addEventListener('click', () => void answer(panel, cell, field.value.replaceAll('\n', ' ')));
        group.append(field, done);
      }
      cell.wbQuestion = group;
      cell.node.insertBefore(group, cell.node.firstChild);
    }

    function watchPredictions(panel) {
      for (const cell of panel.content.widgets) {
        if (cell.model.type !== 'code' || cell.wbWatched) continue;
        if (!readPrediction(cell.model.sharedModel.getSource())) continue;
        cell.wbWatched = true;
        showPrediction(panel, cell);
        cell.model.sharedModel.changed.connect(() => showPrediction(panel, cell));
      }
    }

    // -- the last place in the page

    const placeKey = panel => `${NAME}:place:${panel.context.path}`;

    function goBack(panel) {
      const index = Number(localStorage.getItem(placeKey(panel)));
      if (index > 0 && index < panel.content.widgets.length) {
        panel.content.activeCellIndex = index;
        void panel.content.scrollToItem(index, 'center');
      }
      panel.content.activeCellChanged.connect(() => {
        localStorage.setItem(placeKey(panel), String(panel.content.activeCellIndex));
      });
    }

    // -- every notebook

    function talkOf(panel) {
      if (!talks.has(panel)) talks.set(panel, new Talk(panel, news => onNews(panel, news)));
      return talks.get(panel);
    }

    async function begin(panel) {
      panel.addClass('wb-notebook');
      panel.wbBar = makeBar(panel);
      panel.disposed.connect(() => talks.delete(panel));
      await panel.context.ready;
      await panel.revealed;
      watchPredictions(panel);
      panel.content.modelContentChanged.connect(() => watchPredictions(panel));
      goBack(panel);
      const greet = () =>
        void refresh(panel).catch(fault => {
          console.warn(NAME, fault.message);
          talkOf(panel).close();
        });
      panel.sessionContext.statusChanged.connect((_, status) => {
        if (['restarting', 'autorestarting', 'dead', 'terminating'].includes(status)) talkOf(panel).close();
        else if (status === 'idle' && !talkOf(panel).comm) greet();
      });
      await panel.sessionContext.ready;
      greet();
    }

    notebooks.forEach(panel => void begin(panel));
    notebooks.widgetAdded.connect((_, panel) => void begin(panel));
    modules.notebook.NotebookActions.executed.connect((_, { notebook, cell }) => {
      const panel = notebooks.find(each => each.content === notebook);
      if (panel && /^\s*%check\b/m.test(cell.model.sharedModel.getSource())) void refresh(panel);
    });

    // -- files that changed on disk: by another editor, or by `workbook reset`

    async function compareFiles() {
      for (const widget of app.shell.widgets('main')) {
        const context = documents.contextForWidget(widget);
        if (!context?.isReady || context.model.dirty || !coursePath(context.path)) continue;
        try {
          const now = await app.serviceManager.contents.get(context.path, { content: false });
          const known = context.contentsModel?.last_modified;
          if (known && now.last_modified !== known && !context.model.dirty) await context.revert();
        } catch (fault) {
          if (fault.response?.status !== 404) console.warn(NAME, fault);
        }
      }
    }

    setInterval(() => document.hidden || void compareFiles(), LOOK_MS);

    // -- pictures follow the theme

    async function redraw() {
      for (const figure of notebookNodes('.jp-RenderedMermaid')) {
        const made = await mermaid.renderFigure(figure.querySelector('code').textContent);
        figure.replaceWith(made.cloneNode(true));
      }
    }

    /** What fits in every notebook, also in the cells that are too far away to be in the page. */
    function notebookNodes(selector) {
      const found = [];
      notebooks.forEach(panel => {
        for (const cell of panel.content.widgets) found.push(...cell.node.querySelectorAll(selector));
      });
      return found;
    }

    // JupyterLab's manager hears of the new theme too, and has to be first.
    if (mermaid) themes?.themeChanged.connect(() => setTimeout(() => void redraw()));
  }

  async function plugin() {
    const names = { notebook: 'notebook', cells: 'cells', apputils: 'apputils', docmanager: 'docmanager', mermaid: 'mermaid' };
    const modules = { widgets: await use('@lumino/widgets') };
    for (const [key, name] of Object.entries(names)) modules[key] = await use(`@jupyterlab/${name}`);
    return {
      id: `${NAME}:plugin`,
      description: 'The workbook: where one is, buttons on cards, files beside the notebook, predictions by clicking.',
      autoStart: true,
      requires: [modules.notebook.INotebookTracker, modules.docmanager.IDocumentManager],
      optional: [modules.apputils.IThemeManager, modules.mermaid.IMermaidManager],
      activate: (app, ...services) => activate(modules, app, ...services)
    };
  }

  window._JUPYTERLAB = window._JUPYTERLAB ?? {};
  window._JUPYTERLAB[NAME] = {
    init: scope => {
      shared = scope;
    },
    get: async () => {
      const made = await plugin();
      return () => ({ __esModule: true, default: made });
    }
  };
})();
