/* Which pairs a voter sees in which order, and what the voter has answered so far, kept in the browser. */

const VOTER_FORM = /^[A-Za-z0-9_-]{1,32}$/;
const VOTES_FORMAT = 1;

/** A hash of a text, 32 bits (FNV-1a), mixed so that texts that differ in their last letter differ everywhere. */
function hashOf(text) {
  let hash = 0x811c9dc5;
  for (const letter of text) hash = Math.imul(hash ^ letter.codePointAt(0), 0x01000193);
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35);
  return (hash ^ (hash >>> 16)) >>> 0;
}

/** Ballots are dealt out by number; whoever has a name gets any. The first ballot is 1. */
function ballotOf(voter) {
  const count = study.ballots.length;
  return /^\d{1,9}$/.test(voter) && Number(voter) > 0 ? ((Number(voter) - 1) % count) + 1 : (hashOf(voter) % count) + 1;
}

/** Places on the ballot in the voter's own order, the same each time. */
function orderOf(voter, count) {
  const order = [...Array(count).keys()];
  for (let last = count - 1; last > 0; last--) {
    const other = hashOf(`${study.study}/${voter}/${last}`) % (last + 1);
    [order[last], order[other]] = [order[other], order[last]];
  }
  return order;
}

function randomVoter() {
  const letters = "abcdefghjkmnpqrstuvwxyz23456789";
  return [...crypto.getRandomValues(new Uint8Array(8))].map(byte => letters[byte % letters.length]).join("");
}

/** What the browser keeps; says whether it could. */
const kept = {
  works: true,
  read(name) {
    try {
      return JSON.parse(localStorage.getItem(`toontween:${study.study}${name}`));
    } catch {
      return null;
    }
  },
  write(name, value) {
    try {
      localStorage.setItem(`toontween:${study.study}${name}`, JSON.stringify(value));
    } catch {
      this.works = false; // the page says so, see tellKept
    }
  },
};

class Ballot {
  /** @param {string} voter */
  constructor(voter) {
    this.voter = voter;
    this.number = ballotOf(voter);
    this.trials = orderOf(voter, study.ballots[0].length).map(place => {
      const [left, right] = study.ballots[this.number - 1][place];
      return { left: study.films[left][0], right: study.films[right][0], clip: study.clips[study.films[left][1]] };
    });
    const known = kept.read(`:${voter}`);
    const usable = known && known.ballot === this.number && known.given.length === this.trials.length;
    this.begun = usable ? known.begun : new Date().toISOString();
    this.at = usable ? known.at : 0;
    this.given = usable ? known.given : this.trials.map(() => ({ answers: {}, seconds: 0, plays: 0, slow: false }));
  }

  keep() {
    const { voter, number: ballot, begun, at, given } = this;
    kept.write(`:${voter}`, { ballot, begun, at, given });
    kept.write("", voter);
  }

  get trial() {
    return this.trials[this.at];
  }

  /** What was answered of the pair in view. */
  get now() {
    return this.given[this.at];
  }

  /** Questions of a pair without an answer. */
  open(given = this.now) {
    return study.questions.filter(question => !given.answers[question.name]).map(question => question.name);
  }

  get done() {
    return this.given.filter(given => !this.open(given).length).length;
  }

  answer(question, choice) {
    this.now.answers[question] = { choice, seconds: rounded(this.now.seconds) };
    this.keep();
  }

  /** The votes file: pairs that are answered wholly, in the order in which they were shown. */
  votes() {
    const answered = this.trials
      .map(({ left, right }, place) => ({ left, right, ...this.given[place] }))
      .filter((_, place) => !this.open(this.given[place]).length);
    return {
      format: VOTES_FORMAT,
      study: study.study,
      voter: this.voter,
      ballot: this.number,
      begun: this.begun,
      saved: new Date().toISOString(),
      pairs: this.trials.length,
      answered: answered.map(({ left, right, seconds, plays, slow, answers }) => ({ left, right, seconds: rounded(seconds), plays, slow, answers })),
    };
  }
}

function rounded(seconds) {
  return Math.round(seconds * 10) / 10;
}
