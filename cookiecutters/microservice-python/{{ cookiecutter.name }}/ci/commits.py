"""commitizen, for which a commit counts by its title and by its footers `BREAKING CHANGE: …`, as the convention says.

By itself, commitizen takes every line of a message for a change, also one that only tells of another.
`python ci/commits.py COMMAND…` is `cz COMMAND…` otherwise.
"""

import re

from commitizen.cli import main
from commitizen.cz import registry
from commitizen.cz.conventional_commits.conventional_commits import ConventionalCommitsCz
from commitizen.git import GitCommit

FOOTER = re.compile(r"^(?:BREAKING[ -]CHANGE: (.+(?:\n(?![\w-]+(?:: | #)|BREAKING CHANGE: ).+)*))", re.MULTILINE)


class TitlesAndFooters(ConventionalCommitsCz):
    """Conventional commits without what else their bodies say."""

    def filter_commits(self, commits: list[GitCommit]) -> list[GitCommit]:
        """Take all commits, each with its title and what it breaks."""
        for each in commits:
            each.body = "\n\n".join(f"BREAKING CHANGE: {text}" for text in FOOTER.findall(each.body))
        return commits


registry["cz_conventional_commits"] = TitlesAndFooters

if __name__ == "__main__":
    main()
