package git

import (
	"context"
	"os"
	"path"
	"path/filepath"
	"slices"

	"github.com/go-git/go-git/v5/plumbing"
	"github.com/go-git/go-git/v5/plumbing/protocol/packp"
	"github.com/go-git/go-git/v5/plumbing/protocol/packp/capability"
)

const (
	// partialName is the file that marks a copy as one of parts.
	partialName = "partial"
	// maxExpected is how many folders are asked for by name before it is easier to ask for all.
	maxExpected = 5000
	// maxWants is how many objects are asked for at a time, which takes 50 bytes each.
	maxWants = 20_000
	// maxRounds is how often a server is asked for parts of one commit: each level of folders takes one.
	maxRounds = 16
)

// Expect says which folders will be read, slash-separated from the root of the repository, or patterns of [Snapshot.Folders], in
// place of those that were said before. Of a remote whose server can send parts, a new copy holds these and the lists of the
// folders around them; what else is read is fetched when it is. Without any, and with the root among them, it is of all.
func (r *Repository) Expect(folders ...string) {
	if from, ok := r.source.(*remote); ok {
		from.expect(folders)
	}
}

func (r *remote) expect(folders []string) {
	clean := make([]string, 0, len(folders))
	for _, folder := range folders {
		fixed, _ := split(path.Clean(folder))
		clean = append(clean, fixed)
	}
	slices.Sort(clean)
	clean = slices.Compact(clean)
	if slices.Contains(clean, ".") || len(clean) > maxExpected {
		clean = nil
	}
	r.expected.Store(&clean)
}

// parts returns the folders that a copy is to consist of, none for all.
func (r *remote) parts() []string {
	if folders := r.expected.Load(); folders != nil && !r.whole {
		return *folders
	}
	return nil
}

// sendsParts reports whether the server gives any object by its hash, and without what is below it. Git says the former by
// the two capabilities together, and has no name for it.
func (n negotiation) sendsParts() bool {
	for _, c := range []capability.Capability{capability.AllowTipSHA1InWant, capability.AllowReachableSHA1InWant, capability.Filter, capability.Shallow} {
		if !n.advert.Capabilities.Supports(c) {
			return false
		}
	}
	return true
}

// cloneParts makes a copy of the commit and the folders. Where the server does otherwise than it says, the copy is of all.
func (r *remote) cloneParts(ctx context.Context, n negotiation, folders []string) (*generation, error) {
	g, err := r.cache.begin()
	if err != nil {
		return nil, err
	}
	if err := os.WriteFile(filepath.Join(g.dir, partialName), nil, 0o600); err != nil {
		g.discard()
		return nil, cacheError(err)
	}
	g.partial = true
	if err = g.receive(ctx, n); err == nil {
		err = r.fillIn(ctx, g, advertised{n.advert}.commit(n.found), folders)
	}
	if err != nil {
		g.discard()
		return nil, err
	}
	return g, nil
}

// fillIn brings what the copy lacks of the folders of a commit that it holds, however little that is.
func (r *remote) fillIn(ctx context.Context, g *generation, commit plumbing.Hash, folders []string) error {
	for range maxRounds {
		wants, err := g.lacks(commit, folders)
		if err != nil || wants.none() {
			return err
		}
		if wants.asked() > maxWants {
			break
		}
		if err := r.gather(ctx, g, wants); err != nil {
			return err
		}
	}
	return fail(errProtocol, "server does not send the folders that it was asked for")
}

// gather asks for objects by their hashes: for folders on the way alone, without what is in them, as long as there are any.
func (r *remote) gather(ctx context.Context, g *generation, w wants) error {
	n, err := r.negotiate(ctx, target{commit: g.commits[len(g.commits)-1]})
	if err != nil {
		return err
	}
	defer n.end()
	if !n.sendsParts() {
		return fail(errProtocol, "server does not send parts any more")
	}
	request := n.request(w.whole)
	if len(w.above) > 0 {
		request = n.request(w.above)
		request.Filter = packp.FilterTreeDepth(0) // of what is asked for by name nothing is left out
		_ = request.Capabilities.Set(capability.Filter)
	}
	response, err := n.session.UploadPack(ctx, request)
	if err != nil {
		return netError(ctx, err)
	}
	defer func() { _ = response.Close() }()
	if err := g.store(ctx, response, request.Capabilities); err != nil {
		return err
	}
	g.packs++
	return nil
}

// request begins one for the objects.
func (n negotiation) request(hashes []plumbing.Hash) *packp.UploadPackRequest {
	request := packp.NewUploadPackRequestFromCapabilities(n.advert.Capabilities)
	request.Wants = hashes
	if n.advert.Capabilities.Supports(capability.NoProgress) {
		_ = request.Capabilities.Set(capability.NoProgress)
	}
	return request
}
