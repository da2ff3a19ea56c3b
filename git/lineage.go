package git

import (
	"context"
	"strings"
	"time"

	"github.com/go-git/go-git/v5/plumbing"
	"github.com/go-git/go-git/v5/plumbing/object"
	"github.com/go-git/go-git/v5/plumbing/protocol/packp"
	"github.com/go-git/go-git/v5/plumbing/protocol/packp/capability"
)

const (
	// maxLineage bounds how many commits are looked at to find out whether one goes on from another.
	maxLineage = 10_000
	// lineageDepth is how many generations of commits a server is asked for, which are a few hundred bytes each.
	lineageDepth = 100
	// skew is how much older than its parent a commit may be that was made on a machine whose clock is wrong.
	skew = time.Hour
)

// lineage says whether a commit goes on from the one before it.
type lineage int

const (
	unknown lineage = iota // the commits that would tell are not here
	straight
	rewritten
)

// lineage goes up from commit to its parents, to find before. Those that are older than that lead nowhere.
func (r *reader) lineage(commit plumbing.Hash, before Snapshot) lineage {
	goal, oldest := plumbing.NewHash(before.Revision.Hash), before.Time.Add(-skew)
	seen := map[plumbing.Hash]bool{commit: true}
	verdict := rewritten
	for queue := []plumbing.Hash{commit}; len(queue) > 0; queue = queue[1:] {
		if queue[0] == goal {
			return straight
		}
		c, err := r.commit(queue[0])
		if err != nil || len(seen) > maxLineage {
			verdict = unknown
			continue
		}
		if c.Committer.When.Before(oldest) {
			continue
		}
		for _, parent := range c.ParentHashes {
			if !seen[parent] {
				seen[parent] = true
				queue = append(queue, parent)
			}
		}
	}
	return verdict
}

// commit reads a commit that may be missing: of a shallow copy most are.
func (r *reader) commit(h plumbing.Hash) (*object.Commit, error) {
	found, err := r.once(h, plumbing.CommitObject, maxTree)
	if err != nil {
		return nil, err
	}
	return decodeCommit(found.content)
}

func decodeCommit(content []byte) (*object.Commit, error) {
	raw := &plumbing.MemoryObject{}
	raw.SetType(plumbing.CommitObject)
	_, _ = raw.Write(content)
	return object.DecodeCommit(nil, raw)
}

// rewrites reports whether a branch that was at before is at s now because its history was rewritten.
func (t target) rewrites(before, s Snapshot) lineage {
	if before.Revision.IsZero() || before.Revision.Hash == s.Revision.Hash || !strings.HasPrefix(t.full, heads) {
		return straight
	}
	from := s.objects.reader()
	defer from.close()
	return from.lineage(plumbing.NewHash(s.Revision.Hash), before)
}

// rewrites asks the server where the copy does not tell, if the server can send commits alone. Not to know is no error.
func (r *remote) rewrites(ctx context.Context, s Snapshot) bool {
	verdict := r.target.rewrites(r.last, s)
	if verdict == unknown {
		verdict = r.ancestry(ctx, s)
	}
	return verdict == rewritten
}

func (r *remote) ancestry(ctx context.Context, s Snapshot) lineage {
	n, err := r.negotiate(ctx, r.target)
	if err != nil {
		return unknown
	}
	defer n.end()
	if !n.tellsCommits() {
		return unknown
	}
	g, err := r.commits(ctx, n, s.at.hash, lineageDepth)
	if err != nil {
		return unknown
	}
	defer g.discard()
	from := g.objects.reader()
	defer from.close()
	return from.lineage(plumbing.NewHash(s.Revision.Hash), r.last)
}

// commits asks for so many generations of commits from one on, without their files, and returns a copy of its own that holds
// them, to be discarded.
func (r *remote) commits(ctx context.Context, n negotiation, from plumbing.Hash, depth int) (*generation, error) {
	g, err := r.cache.begin()
	if err != nil {
		return nil, err
	}
	request := packp.NewUploadPackRequestFromCapabilities(n.advert.Capabilities)
	request.Wants = []plumbing.Hash{from}
	request.Depth, request.Filter = packp.DepthCommits(depth), packp.FilterTreeDepth(0)
	for _, c := range []capability.Capability{capability.Shallow, capability.Filter} {
		_ = request.Capabilities.Set(c)
	}
	response, err := n.session.UploadPack(ctx, request)
	if err != nil {
		g.discard()
		return nil, netError(ctx, err)
	}
	defer func() { _ = response.Close() }()
	if err := g.store(ctx, response, request.Capabilities); err != nil {
		g.discard()
		return nil, err
	}
	return g, nil
}
