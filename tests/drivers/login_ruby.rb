# SPDX-License-Identifier: Apache-2.0
# Logins with Ruby's mysql2, cell by cell (tests/support/login_cells.py): ruby login_ruby.rb <cells
require 'mysql2'

def encryption(tls, ca)
  case tls
  when 'off' then { ssl_mode: :disabled }
  when 'on' then { ssl_mode: :required, sslcipher: 'DEFAULT' }
  else { ssl_mode: :verify_identity, sslverify: true, sslca: ca }
  end
end

$stderr.reopen(File::NULL) # it complains of modes that its library lacks
STDIN.each_line(chomp: true) do |line|
  cell, host, port, user, password, tls, ca, sql = line.split("\t", -1)
  begin
    c = Mysql2::Client.new(host: host, port: port.to_i, username: user, password: password,
                           enable_cleartext_plugin: true, **encryption(tls, ca))
    said = c.query(sql, as: :array).first.join('|')
    c.close
  rescue Mysql2::Error => e
    said = "error #{e.error_number}"
  end
  puts "#{cell}\t#{said}"
end
