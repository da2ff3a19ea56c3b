package git_test

import (
	"fmt"
	"testing"

	"github.com/lockstep-dev/lockstep/git"
)

// grown is a repository of 2,000 files in 50 folders, in one pack.
func grown(b *testing.B) repo {
	work := newRepo(b)
	for i := range 2000 {
		work.write(fmt.Sprintf("folder-%02d/%04d.yaml", i%50, i), fmt.Sprintf("number: %d\n", i))
	}
	work.commit("a.yaml", "a: 0\n")
	work.run("repack", "-adq")
	return work
}

func BenchmarkFetchOfAFolderThatHasNotMoved(b *testing.B) {
	work := grown(b)
	r := open(b, work.dir)
	for _, packed := range []string{"loose", "packed"} {
		b.Run(packed, func(b *testing.B) {
			for b.Loop() {
				if _, err := r.Fetch(b.Context()); err != nil {
					b.Fatal(err)
				}
			}
		})
		work.run("pack-refs", "--all")
	}
}

// BenchmarkFetchOfANewCommit switches between two commits of a folder, and reads the 40 files of one of its folders.
func BenchmarkFetchOfANewCommit(b *testing.B) {
	work := grown(b)
	commits := []string{work.commit("folder-07/0007.yaml", "a: 1\n"), work.commit("folder-07/0007.yaml", "a: 2\n")}
	r := open(b, work.dir)
	for i := 0; b.Loop(); i++ {
		work.write(".git/refs/heads/main", commits[i%2]+"\n")
		s, err := r.Fetch(b.Context())
		if err != nil {
			b.Fatal(err)
		}
		if _, err := s.Files("folder-07"); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkFetchOfARemoteThatHasNotMoved(b *testing.B) {
	s := newServer(b)
	hash := s.push("a.yaml", "a: 1\n")
	r := open(b, s.url)
	for b.Loop() {
		fetch(b, r, hash)
	}
}

// BenchmarkFetchOfAPush times the fetch of one commit beside git's own fetch of it, in the same round.
func BenchmarkFetchOfAPush(b *testing.B) {
	s := newServer(b)
	for i := range 2000 {
		s.write(fmt.Sprintf("folder-%02d/%04d.yaml", i%50, i), fmt.Sprintf("number: %d\n", i))
	}
	s.push("a.yaml", "a: 0\n")
	r := openWith(b, git.Options{URL: s.url, Dir: b.TempDir()})
	clone := newRepo(b, "--bare")
	var ours, theirs stopwatch
	for i := 0; b.Loop(); i++ {
		hash := s.push("folder-07/0007.yaml", fmt.Sprintf("a: %d\n", i))
		ours.time(func() { fetch(b, r, hash) })
		theirs.time(func() { clone.run("fetch", "-q", "--depth=1", s.url, "main") })
	}
	b.ReportMetric(ours.mean(), "ms/fetch")
	b.ReportMetric(theirs.mean(), "ms/git-fetch")
	b.ReportMetric(ours.mean()/theirs.mean(), "ratio")
}

// BenchmarkFetchWithCredentialsOfARemoteThatHasNotMoved is what a look at a resting repository costs, with the real server's part in it.
func BenchmarkFetchWithCredentialsOfARemoteThatHasNotMoved(b *testing.B) {
	a := newAuthority(b)
	tls, url := guarded(b, a, func() string { return "Bearer t0ken-secret" })
	tls.push("a.yaml", "a: 1\n")
	ssh := newSecure(b)
	ssh.push("a.yaml", "a: 1\n")
	for name, o := range map[string]git.Options{
		"https": {URL: url, Credentials: credentials{"ca.crt": a.pem, "token": "t0ken-secret"}.folder(b)},
		"ssh":   {URL: ssh.url, Credentials: ssh.credentials.folder(b)},
	} {
		o.Dir = b.TempDir()
		r := openWith(b, o)
		b.Run(name, func(b *testing.B) {
			for b.Loop() {
				if _, err := r.Fetch(b.Context()); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
