/* The three screens: start, voting, end. */

const at = id => document.getElementById(id);
const calm = matchMedia("(prefers-reduced-motion: reduce)");
const canvases = [at("film-left"), at("film-right"), ...(at("truth") ? [at("truth")] : [])];
const player = new Player(canvases, seenWhole);
const fieldsets = [...document.querySelectorAll("fieldset")];
const CHOICE_OF_KEY = { a: "left", b: "right", n: "same" };
let ballot = null;
let loading = 0;

function show(screen) {
  for (const one of document.querySelectorAll("main")) one.hidden = one.id !== screen;
  document.querySelector(`#${screen} h1`).focus();
  scrollTo(0, 0);
}

/* start */

function showStart() {
  player.unload();
  ballot = null;
  const name = new URLSearchParams(location.search).get("voter") ?? kept.read("") ?? "";
  const begun = VOTER_FORM.test(name) && kept.read(`:${name}`) ? new Ballot(name) : null;
  at("voter").value = name;
  at("known").hidden = !begun;
  if (begun) at("known").textContent = `${name} has answered ${begun.done} of ${begun.trials.length} pairs in this browser. Begin goes on there; another name begins anew.`;
  show("start");
}

at("who").onsubmit = event => {
  event.preventDefault();
  const voter = at("voter").value.trim() || randomVoter();
  const right = VOTER_FORM.test(voter);
  at("voter-wrong").textContent = right ? "" : "Letters, digits, - and _ only, 32 at most.";
  at("voter").setAttribute("aria-invalid", String(!right));
  if (!right) return at("voter").focus();
  ballot = new Ballot(voter);
  ballot.keep();
  if (ballot.done === ballot.trials.length) showEnd();
  else showVoting();
};

/* voting */

function showVoting() {
  at("who-votes").textContent = `voter ${ballot.voter}`;
  show("voting");
  showTrial();
}

async function showTrial() {
  const { trial } = ballot, turn = ++loading;
  player.unload();
  at("place").textContent = `Pair ${ballot.at + 1} of ${ballot.trials.length}`;
  at("broken").hidden = true;
  showAnswers();
  at("place").focus();
  try {
    const tokens = [trial.left, trial.right, ...(at("truth") ? [trial.clip.truth] : [])];
    const films = await Promise.all(tokens.map(loadFilm));
    if (turn !== loading) return; // another pair was asked for meanwhile
    for (const canvas of canvases.slice(0, 2)) canvas.style.width = `${trial.clip.width * 3}px`; // no larger: pixels would be judged
    player.load(trial.clip, films);
    drawFrame(at("first"), films[0], trial.clip, 0);
    drawFrame(at("last"), films[0], trial.clip, trial.clip.count - 1);
    play(!calm.matches);
    const after = ballot.trials[ballot.at + 1];
    if (after) for (const token of [after.left, after.right]) loadFilm(token).catch(() => {}); // reported when its turn comes
  } catch (error) {
    at("broken").textContent = error.message;
    at("broken").hidden = false;
  }
}

/** What is answered, what is open, where one can go. */
function showAnswers() {
  const { now } = ballot, open = ballot.open();
  for (const fieldset of fieldsets) {
    const given = now.answers[fieldset.dataset.question];
    fieldset.disabled = !now.plays;
    for (const radio of fieldset.querySelectorAll("input")) radio.checked = given?.choice === radio.value;
  }
  at("progress").value = ballot.done;
  at("back").disabled = ballot.at === 0;
  at("next").disabled = open.length > 0;
  at("next").textContent = ballot.at + 1 < ballot.trials.length ? "Next" : "Finish";
  tell(!now.plays ? "Watch both to the end once, then answer." : open.length === 1 ? "1 question is open." : open.length ? `${open.length} questions are open.` : "");
  tellKept();
}

function tell(text) {
  if (at("told").textContent !== text) at("told").textContent = text;
}

function tellKept() {
  if (kept.works) return;
  at("broken").textContent = "This browser keeps nothing for this page: do not close it before you have saved your answers.";
  at("broken").hidden = false;
}

function seenWhole() {
  ballot.now.plays += 1;
  ballot.now.slow ||= player.slow;
  if (ballot.now.plays === 1) {
    ballot.keep();
    showAnswers();
  }
  if (!player.loops) showPlaying(false);
}

/** Start or stop; without motion by itself, a film that has come to its end begins anew. */
function play(on) {
  player.loops = !calm.matches;
  player.playing = on;
  if (on && player.clip && player.at >= player.length) player.rewind();
  showPlaying(on);
}

function showPlaying(on) {
  at("play").textContent = on ? "Pause" : "Play";
}

function again() {
  player.rewind();
  play(true);
}

function choose(fieldset, choice) {
  if (fieldset.disabled) return;
  ballot.answer(fieldset.dataset.question, choice);
  showAnswers();
}

function go(to) {
  if (to < 0) return;
  ballot.at = Math.min(to, ballot.trials.length - 1);
  ballot.keep();
  if (to < ballot.trials.length) showTrial();
  else showEnd();
}

function goOn() {
  if (!ballot.open().length) go(ballot.at + 1);
}

for (const fieldset of fieldsets) fieldset.onchange = event => choose(fieldset, event.target.value);
at("questions").onsubmit = event => {
  event.preventDefault();
  goOn();
};
at("play").onclick = () => play(!player.playing);
at("again").onclick = again;
at("slow").onchange = event => (player.slow = event.target.checked);
at("back").onclick = () => go(ballot.at - 1);
at("stop").onclick = showEnd;

document.onkeydown = event => {
  if (at("voting").hidden || !at("keys").checked || event.ctrlKey || event.altKey || event.metaKey || event.repeat) return;
  const key = event.key.toLowerCase(), choice = CHOICE_OF_KEY[key];
  if (choice) {
    const here = document.activeElement.closest("fieldset");
    const open = fieldsets.find(fieldset => !ballot.now.answers[fieldset.dataset.question]);
    if (here ?? open) choose(here ?? open, choice);
  } else if (key === "enter" && !document.activeElement.closest("button, summary, form")) goOn();
  else if (key === "p") go(ballot.at - 1);
  else if (key === "r") again();
  else if (key === "s") at("slow").click();
};

/* end */

function showEnd() {
  player.unload();
  const votes = ballot.votes(), all = votes.answered.length === votes.pairs;
  at("summary").textContent = `${all ? "All" : `${votes.answered.length} of`} ${votes.pairs} pairs are answered.${all ? "" : " You can go back and answer the others, or save what there is."}`;
  at("thanks").textContent = all ? "Thank you" : "Stopped for now";
  at("file-name").textContent = fileName();
  at("raw").value = JSON.stringify(votes, null, 1);
  show("end");
}

function fileName() {
  return `votes-${ballot.voter}.json`;
}

at("save").onclick = () => {
  const link = document.createElement("a");
  link.href = URL.createObjectURL(new Blob([JSON.stringify(ballot.votes(), null, 1)], { type: "application/json" }));
  link.download = fileName();
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 60_000);
};
at("return").onclick = () => {
  const open = ballot.given.findIndex(given => ballot.open(given).length);
  if (open >= 0) ballot.at = open;
  showVoting();
};
at("another").onclick = () => {
  kept.write("", null);
  showStart();
};

/* time goes on only while the page is in view: browsers call this for what is seen */

let before = performance.now();
function tick(time) {
  const passed = Math.max(0, Math.min(time - before, 250));
  before = time;
  if (ballot && !at("voting").hidden) {
    ballot.now.seconds += passed / 1000;
    player.step(passed);
  }
  requestAnimationFrame(tick);
}
requestAnimationFrame(tick);
addEventListener("pagehide", () => ballot?.keep());
showStart();
