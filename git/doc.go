// Package git keeps a local copy of one remote and hands out read-only snapshots of a commit.
//
// A [Repository] is one branch, or another [Ref], of one repository: a folder, read in process, or a remote reached over
// https, ssh or http, whose objects are kept in a cache folder. [Repository.Fetch] says which commit that is now, signed by a
// trusted key where [Options] ask for it, and [Snapshot.Files] reads a folder of that commit straight from the object store;
// there is no work tree and the git program is never run.
//
// [Repository.Expect] keeps the copy of a remote to the folders that are read, where its server can send those alone. What else is
// read is then fetched at that moment, and may fail as any fetch.
//
// [Snapshot.Root] reads here and there in a whole commit, and no more than it is asked for. It traces what it was asked for by
// hash, and [Snapshot.Hashes] compares such traces with another commit: who read the same need not read again.
//
// [WorkTree] reads a folder of files as if it were a commit, by the same rules; [OpenWorkTree] follows one.
//
// Reading is all or nothing. Whatever is missing, cut short, altered, too large or of a kind that is not followed is an
// error, never a shorter list of files: who prunes by what is absent must be able to rely on that.
package git
