# A store without room, be it by ProvisionStoreSize or by the disk: what cannot be kept is refused
# with 507 in SCIM form, reads go on, what was acknowledged stays, and with room service resumes by
# itself.
use strict;
use warnings;
use Apache::Test qw(-withtestmore);
use ProvisionTest;
use ProvisionTest::Pair;
use ProvisionTest::Process qw(spew slurp);

my $clients = 4;
my $refusals = 5; # a client that was refused so often in a row has seen enough

# Creates until there is no room; "id name" of what was acknowledged, "no CODE TYPE STATUS DETAIL"
# of what was not.
sub client
{
    my ($server, $number, $out) = @_;
    open my $log, '>', $out or die;
    for (my ($i, $row) = (0, 0); $row < $refusals && $i < 3000; $i++) {
        my $name = "user-$number-$i";
        # values of both kinds: in the record, and too long for it
        my $res = $server->call(POST => path('Users'),
            user($name, title => "$name " x 100, nickName => 'n' x ($i % 2 ? 3000 : 9000)));
        if ($res->code == 201) {
            print {$log} decode($res)->{id} . " $name\n";
            $row = 0;
            next;
        }
        my $said = decode($res) // {};
        print {$log} join(' ', 'no', $res->code, $res->content_type, $said->{status} // '',
            $said->{schemas}[0] // '', length($said->{detail} // '') ? 'detail' : ''), "\n";
        $row++;
    }
    close $log or die;
}

# Fills the store from several clients; the users acknowledged, by id, and how the others were told.
sub fill
{
    my ($server, $name) = @_;
    my $from = $server->scratch . "/logs/$name";
    my @pids;
    for my $number (1 .. $clients) {
        push @pids, beside(sub { client($server, "$name-$number", "$from.$number"); return 1 });
    }
    my (%made, %told);
    is ended_badly(@pids), 0, "$name: the clients ran to their end";
    for (map { split /\n/, slurp("$from.$_") } 1 .. $clients) {
        my ($what, $rest) = split / /, $_, 2;
        $what eq 'no' ? $told{$rest}++ : ($made{$what} = $rest);
    }
    my $form = '507 application/scim+json 507 urn:ietf:params:scim:api:messages:2.0:Error detail';
    is_deeply [ sort keys %told ], [$form], "$name: who is refused is told 507, in SCIM form"
        or diag explain \%told;
    return %made;
}

sub holds
{
    my ($server, $made, $name) = @_;
    my @wrong = grep {
        my $res = $server->call(GET => path(Users => $_));
        my $said = decode($res) // {};
        $res->code != 200 || $said->{userName} ne $made->{$_}
            || $said->{title} ne "$made->{$_} " x 100;
    } keys %$made;
    is scalar @wrong, 0, $name;
}

sub resumes
{
    my ($server, $name) = @_;
    my $id;
    ok wait_for(sub {
        my $res = $server->call(POST => path('Users'), user($name));
        $id = decode($res)->{id} if $res->code == 201;
        return $id;
    }, 15), "$name: service resumes without a restart";
    return $id;
}

# What many requests, which are spread over the children, are answered with.
sub answers
{
    my ($server, $id) = @_;
    my %codes;
    $codes{ $server->call(GET => path(Users => $id))->code }++ for 1 .. 40;
    return sort keys %codes;
}

# --- ProvisionStoreSize ---------------------------------------------------------------------------
my ($front, $target) = pair(size => quick() ? '2M' : '4M');
my $pid = $front->pid;
my @children = $front->children;
my %made = fill($front, 'size');
cmp_ok scalar(keys %made), '>=', 30, 'some room there was';
holds($front, \%made, 'every acknowledged user is there, whole');
my ($some) = sort keys %made;
my $whole = $front->call(GET => path(Users => $some))->content;
is $front->call(PATCH => path(Users => $some), {
        schemas => ['urn:ietf:params:scim:api:messages:2.0:PatchOp'],
        Operations => [ { op => 'add', path => 'nickName', value => 'm' x 500_000 } ] })->code, 507,
    'a PATCH that needs room is refused too';
is $front->call(GET => path(Users => $some))->content, $whole, 'and changed nothing';
is $front->call(GET => path('Users') . '?count=10')->code, 200, 'lists go on';
is scalar(found($front, Users => "userName eq \"$made{$some}\"")), 1, 'filters too';
my $health = decode($front->call(GET => '/health'));
ok $health && !$health->{store}{writable}, 'health says that nothing can be written'
    or diag explain $health;
my ($sound, $words) = $front->ctl('check');
is $sound, 0, 'the full store is sound' or diag $words;

# What was acknowledged goes its way even so.
my $all = keys %made;
ok wait_for(sub {
    my ($row) = grep { $_->{state} eq 'synced' } map { decode($_) }
        split /\n/, ($front->ctl(qw(--json links summary)))[1];
    return $row && $row->{links} == $all;
}, 40), 'all that was acknowledged reaches the target' or diag +($front->ctl(qw(links summary)))[1];

my @half = (sort keys %made)[ 0 .. $all / 2 ];
my %codes;
$codes{ $front->call(DELETE => path(Users => $_))->code }++ for @half;
is_deeply \%codes, { 204 => scalar @half }, 'a full store can be deleted from';
delete @made{@half};
my $after = resumes($front, 'size-after');
holds($front, \%made, 'the others are as they were');
ok settles($front, $after, 'synced'), 'and new ones reach the target';
ok wait_for(sub { !grep { /:"(?!synced|disabled|removed)/ } ($front->ctl(qw(--json links summary)))[1]
    =~ /"state":"[^"]+"/g }, 30), 'as do the deletions';
is scalar(grep { (found($target, Users => "externalId eq \"$_\""))[0]{active} } @half[0 .. 2]), 0,
    'which are disabled there';
ok decode($front->call(GET => '/health'))->{store}{writable}, 'health is well again';
is_deeply [ $front->pid, $front->children ], [ $pid, @children ], 'by the same processes';
($sound, $words) = $front->ctl('check');
is $sound, 0, 'and the store is sound' or diag $words;

# --- the disk -------------------------------------------------------------------------------------
my ($mounted, $server);
SKIP: {
    skip 'not root: no small disk can be mounted', 12 if $>;
    $server = ProvisionTest->new(name => 'disk');
    my $disk = $server->scratch . '/disk';
    mkdir $disk or die;
    my $said = `mount -t tmpfs -o size=8m,mode=755 tmpfs $disk 2>&1`;
    skip "no small disk can be mounted: $said", 12 if $?;
    $mounted = $disk;
    $server->own($disk);
    $server->start(conf => settings() =~ s{\@store\@}{$disk/store}r . service());
    my @of = $server->children;
    no warnings 'redefine';
    local *ProvisionTest::store_dir = sub { "$disk/store" };
    admit($server, 'tester');
    my $first = created($server, Users => user('first', title => 'first ' x 100));
    # What another program leaves of the disk is little.
    spew("$disk/ballast", 'b' x (6 << 20));
    my %on_disk = (fill($server, 'disk'), $first => 'first');
    holds($server, \%on_disk, 'disk: every acknowledged user is there, whole');
    is $server->call(GET => path('Users') . '?count=10')->code, 200, 'disk: lists go on';
    is $server->call(GET => '/health')->code, 503, 'disk: health tells it';
    # The last bytes go too, and many read at once: what readers need was taken before.
    open my $last, '>>', "$disk/rest" or die;
    1 while syswrite $last, 'r' x 512;
    my @readers = map {
        beside(sub {
            return 20 == grep { $server->call(GET => path(Users => $first))->code == 200 } 1 .. 20;
        });
    } 1 .. 16;
    is ended_badly(@readers), 0, 'disk: not a byte is left, and who reads is answered';
    is_deeply [ $server->children ], \@of, 'disk: no child has died of it';
    kill KILL => $of[0];
    ok wait_for(sub { @of == grep { $_ != $of[0] } $server->children }, 20),
        'disk: a child that dies now has a successor';
    $server->graceful;
    is_deeply [ answers($server, $first) ], [200], 'disk: who is started without room reads, too';
    unlink "$disk/rest", "$disk/ballast";
    close $last;
    resumes($server, 'disk-after');
    ok wait_for(sub { "@{[ answers($server, $first) ]}" eq '200' }, 15),
        'disk: and so does everybody later';
    is $server->call(GET => '/health')->code, 200, 'disk: health is well again';
    holds($server, \%on_disk, 'disk: all is as it was');
    ($sound, $words) = $server->ctl('check');
    is $sound, 0, 'disk: the store is sound' or diag $words;
    $server->kill9;
    $server->start;
    holds($server, \%on_disk, 'disk: after a hard end too');
}

END {
    my $status = $?;
    if ($mounted) {
        $server->stop;
        system 'umount', $mounted;
    }
    $? = $status;
}
done_testing;
